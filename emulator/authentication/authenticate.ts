// SPDX-License-Identifier: Apache-2.0
// Who is calling: the gateway's word with its secret, a SigV4 signature, or, standing alone, anyone as root.
import { timingSafeEqual } from 'node:crypto';
import { type Caller, rootOf } from '../authorization/principal.ts';
import { AwsError } from '../protocol/errors.ts';
import { readGatewayCaller } from './gateway-caller.ts';
import { type SignedRequest, verifySignature } from './signature.ts';

/** How callers are known. */
export interface AuthenticationSettings {
  readonly account: string;
  /** Undefined: standing alone, every caller is the account root. */
  readonly gatewaySecret: string | undefined;
}

/** Header in which the gateway brings its secret. */
export const SECRET_HEADER = 'x-keyturn-gateway-secret';
const CALLER_HEADER = 'x-keyturn-caller';

/** Compares in constant time; different lengths differ. */
export function sameSecret(given: unknown, expected: string): boolean {
  if (typeof given !== 'string') return false;
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The caller of a request. @throws AwsError when nobody vouches for it */
export function authenticate(
  settings: AuthenticationSettings,
  request: SignedRequest & { readonly sourceIp: string | undefined; readonly isTls: boolean },
  now: number,
): Caller {
  const root: Caller = {
    ...rootOf(settings.account),
    sourceIp: request.sourceIp,
    secureTransport: request.isTls,
  };
  if (settings.gatewaySecret === undefined) return root;
  const secret = request.headers[SECRET_HEADER];
  if (secret === undefined) {
    verifySignature(request, now);
    return root;
  }
  const caller = request.headers[CALLER_HEADER];
  if (!sameSecret(secret, settings.gatewaySecret) || typeof caller !== 'string') {
    throw new AwsError('AccessDeniedException', 'The gateway is not known.', 403);
  }
  return readGatewayCaller(caller);
}
