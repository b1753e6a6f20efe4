// SPDX-License-Identifier: Apache-2.0
// A GET request signed with Signature Version 4, for services without an installed client.
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { REGION } from '#scripts/local/environment.ts';
import type { Credentials } from './fixture.ts';

/** Sends the request; the URL must have no query. */
export async function signedGet(
  url: string,
  { service, credentials }: { service: string; credentials: Credentials },
): Promise<Response> {
  const { host, hostname, pathname, protocol } = new URL(url);
  const signer = new SignatureV4({ service, credentials, region: REGION, sha256: Sha256 });
  const signed = await signer.sign({
    method: 'GET',
    protocol,
    hostname,
    path: pathname,
    query: {},
    headers: { host },
  });
  return fetch(url, { headers: signed.headers });
}
