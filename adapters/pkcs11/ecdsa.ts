// SPDX-License-Identifier: Apache-2.0
// ECDSA over a digest inside the token. Signatures are the raw r || s of PKCS#11 (v3.0 §6.3.1).
import pkcs11 from 'pkcs11js';
import type { KeyHandle, Token } from './token.ts';

const P256_SIGNATURE_BYTES = 64;
const mechanism = { mechanism: pkcs11.CKM_ECDSA };

/** Signs a digest with a P-256 private key. @throws Pkcs11Failure */
export function signDigest(token: Token, privateKey: KeyHandle, digest: Buffer): Buffer {
  return token.sessions.run('C_Sign', (session) => {
    token.library.C_SignInit(session, mechanism, privateKey);
    return token.library.C_Sign(session, digest, Buffer.alloc(P256_SIGNATURE_BYTES));
  });
}

/** True when the signature is the digest's under this public key. */
export function verifyDigest(
  token: Token,
  publicKey: KeyHandle,
  digest: Buffer,
  signature: Buffer,
): boolean {
  if (signature.length !== P256_SIGNATURE_BYTES) return false;
  try {
    return token.sessions.run('C_Verify', (session) => {
      token.library.C_VerifyInit(session, mechanism, publicKey);
      return token.library.C_Verify(session, digest, signature);
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'CKR_SIGNATURE_INVALID') {
      return false;
    }
    throw error;
  }
}
