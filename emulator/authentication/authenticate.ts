// SPDX-License-Identifier: Apache-2.0
// Who is calling: the gateway's word with its secret, a SigV4 signature, or, where that is allowed, anyone as root.
import { timingSafeEqual } from 'node:crypto';
import { type Caller, rootOf } from '../authorization/principal.ts';
import { AwsError } from '../protocol/errors.ts';
import { readGatewayCaller } from './gateway-caller.ts';
import type { Principals } from './principals.ts';
import { claimedAccessKey, type SignedRequest, verifySignature } from './signature.ts';

/** How callers are known. */
export interface AuthenticationSettings {
  readonly account: string;
  /** Undefined: there is no gateway. */
  readonly gatewaySecret: string | undefined;
  /** Who may sign. */
  readonly principals: Principals;
  /** Whoever is not among the principals is the account root, whatever it signs with. */
  readonly acceptsAnyCaller: boolean;
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

type ReceivedRequest = SignedRequest & {
  readonly sourceIp: string | undefined;
  readonly isTls: boolean;
};

/** Whether nobody need vouch for the request: it claims none of the access keys that are known. */
function isAnyone(settings: AuthenticationSettings, request: SignedRequest): boolean {
  const { acceptsAnyCaller, principals } = settings;
  if (!acceptsAnyCaller || principals.size === 0) return acceptsAnyCaller;
  const claimed = claimedAccessKey(request);
  return claimed === undefined || !principals.has(claimed);
}

/** The caller of a request. @throws AwsError when nobody vouches for it */
export function authenticate(
  settings: AuthenticationSettings,
  request: ReceivedRequest,
  now: number,
): Caller {
  const { sourceIp, isTls: secureTransport } = request;
  const secret = request.headers[SECRET_HEADER];
  if (settings.gatewaySecret !== undefined && secret !== undefined) {
    const caller = request.headers[CALLER_HEADER];
    if (!sameSecret(secret, settings.gatewaySecret) || typeof caller !== 'string') {
      throw new AwsError('AccessDeniedException', 'The gateway is not known.', 403);
    }
    return readGatewayCaller(caller);
  }
  if (isAnyone(settings, request)) {
    return { ...rootOf(settings.account), sourceIp, secureTransport };
  }
  const { caller } = verifySignature(settings.principals, request, now);
  return { ...caller, sourceIp, secureTransport };
}
