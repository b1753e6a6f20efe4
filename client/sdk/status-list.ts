// SPDX-License-Identifier: Apache-2.0
// Checks the published list of stopped keys: the signature by a published key, its type, and its time.
import { createPublicKey, verify } from 'node:crypto';
import {
  STATUS_LIST_TYPE,
  type StatusList,
  StatusListPayload,
} from '#core/contract/status-list.ts';

/** A public key of `GET /v1/jwks.json`. */
type Jwk = Readonly<Record<string, unknown>> & { readonly kid: string };

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

function isSignedBy(key: Jwk, { protected: header, payload, signature }: StatusList): boolean {
  return verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: createPublicKey({ key: { ...key }, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
}

/** @returns what the list says, or why it cannot be believed */
export function readStatusList(
  list: StatusList,
  keys: readonly Jwk[],
  now: number,
): StatusListPayload | string {
  const header = Object(decoded(list.protected));
  if (header.alg !== 'ES256' || header.typ !== STATUS_LIST_TYPE)
    return 'it is signed as something else';
  const key = keys.find(({ kid }) => kid === header.kid);
  if (!key) return 'no published key signed it';
  if (!isSignedBy(key, list)) return 'its signature does not hold';
  const payload = StatusListPayload.safeParse(decoded(list.payload));
  if (!payload.success) return 'its content is not understood';
  if (payload.data.exp * 1000 <= now)
    return `it was good until ${new Date(payload.data.exp * 1000).toISOString()}`;
  return payload.data;
}
