// SPDX-License-Identifier: Apache-2.0
// Signatures of curves inside the token: ECDSA over a digest, raw r || s (PKCS#11 v3.0 §6.3.1), and
// Ed25519 over the message itself (RFC 8032).
import pkcs11 from 'pkcs11js';
import type { KeyHandle, Token } from './token.ts';
import { verifyWith } from './verification.ts';

const P256_SIGNATURE_BYTES = 64;
const ED25519_SIGNATURE_BYTES = 64;
const ecdsa = { mechanism: pkcs11.CKM_ECDSA };
/** CKM_EDDSA, which the addon does not name. */
const eddsa = { mechanism: 0x1057 };

/** Signs a digest; `size` is that of r || s. @throws Pkcs11Failure */
export function signDigest(
  token: Token,
  privateKey: KeyHandle,
  digest: Buffer,
  size: number = P256_SIGNATURE_BYTES,
): Buffer {
  return token.sessions.run('C_Sign', (session) => {
    token.library.C_SignInit(session, ecdsa, privateKey);
    return token.library.C_Sign(session, digest, Buffer.alloc(size));
  });
}

/** True when the signature is the digest's under this public key. */
export function verifyDigest(
  token: Token,
  publicKey: KeyHandle,
  digest: Buffer,
  signature: Buffer,
): boolean {
  return verifyWith(token, { mechanism: ecdsa, key: publicKey }, digest, signature);
}

/** Signs a message with Ed25519. @throws Pkcs11Failure */
export function signEd25519(token: Token, privateKey: KeyHandle, message: Buffer): Buffer {
  return token.sessions.run('C_Sign', (session) => {
    token.library.C_SignInit(session, eddsa, privateKey);
    return token.library.C_Sign(session, message, Buffer.alloc(ED25519_SIGNATURE_BYTES));
  });
}

/** True when the Ed25519 signature is the message's under this public key. */
export function verifyEd25519(
  token: Token,
  publicKey: KeyHandle,
  message: Buffer,
  signature: Buffer,
): boolean {
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false;
  return verifyWith(token, { mechanism: eddsa, key: publicKey }, message, signature);
}
