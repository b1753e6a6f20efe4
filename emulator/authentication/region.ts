// SPDX-License-Identifier: Apache-2.0
// The Region of a call: the gateway's word where it carries one, else the scope of the credentials that signed.
import type { IncomingHttpHeaders } from 'node:http';
import { SECRET_HEADER } from './authenticate.ts';

const REGION_HEADER = 'x-keyturn-region';
const SCOPE = /Credential=[^/,\s]+\/\d{8}\/([^/,\s]+)\//;

/** The Region that an authenticated request names, or undefined when it names none. */
export function regionOf(headers: IncomingHttpHeaders): string | undefined {
  const { [REGION_HEADER]: told, authorization } = headers;
  if (headers[SECRET_HEADER] !== undefined) return typeof told === 'string' ? told : undefined;
  return authorization === undefined ? undefined : SCOPE.exec(authorization)?.[1];
}
