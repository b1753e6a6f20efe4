// SPDX-License-Identifier: Apache-2.0
// HMAC inside the token (RFC 2104 with the SHA-2 family).
import pkcs11 from 'pkcs11js';
import type { KeyHandle, Token } from './token.ts';
import { verifyWith } from './verification.ts';

const MECHANISMS = {
  sha224: pkcs11.CKM_SHA224_HMAC,
  sha256: pkcs11.CKM_SHA256_HMAC,
  sha384: pkcs11.CKM_SHA384_HMAC,
  sha512: pkcs11.CKM_SHA512_HMAC,
} as const;
const LARGEST_MAC_BYTES = 64;

/** Hashes of HMAC keys. */
export type HmacHash = keyof typeof MECHANISMS;

/** The whole MAC of a message. @throws Pkcs11Failure */
export function hmac(token: Token, key: KeyHandle, hash: HmacHash, message: Buffer): Buffer {
  return token.sessions.run('C_Sign', (session) => {
    token.library.C_SignInit(session, { mechanism: MECHANISMS[hash] }, key);
    return token.library.C_Sign(session, message, Buffer.alloc(LARGEST_MAC_BYTES));
  });
}

/** True when this is the whole MAC of the message; compared by the token. */
export function verifyHmac(
  token: Token,
  { key, hash }: { readonly key: KeyHandle; readonly hash: HmacHash },
  message: Buffer,
  mac: Buffer,
): boolean {
  return verifyWith(token, { mechanism: { mechanism: MECHANISMS[hash] }, key }, message, mac);
}
