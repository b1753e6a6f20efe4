// SPDX-License-Identifier: Apache-2.0
// AES-256-GCM inside the token: 96-bit IV from the HSM's generator, 128-bit tag (NIST SP 800-38D §8.2.2).
// Sealed bytes are IV || ciphertext || tag.
import pkcs11, { type AesGCM, type Mechanism } from 'pkcs11js';
import type { KeyHandle, Token } from './token.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Bytes that sealing adds to the plaintext. */
export const SEAL_OVERHEAD_BYTES = IV_BYTES + TAG_BYTES;

function mechanism(iv: Buffer, additionalData: Buffer): Mechanism {
  const parameter: AesGCM = {
    type: pkcs11.CK_PARAMS_AES_GCM,
    iv,
    ivBits: IV_BYTES * 8,
    aad: additionalData,
    tagBits: TAG_BYTES * 8,
  };
  return { mechanism: pkcs11.CKM_AES_GCM, parameter };
}

/** Seals at least one byte; `additionalData` must not be empty. @throws Pkcs11Failure */
export function seal(token: Token, key: KeyHandle, plaintext: Buffer, additionalData: Buffer) {
  const iv = token.random(IV_BYTES);
  const sealed = token.sessions.run('C_Encrypt', (session) => {
    token.library.C_EncryptInit(session, mechanism(iv, additionalData), key);
    return token.library.C_Encrypt(session, plaintext, Buffer.alloc(plaintext.length + TAG_BYTES));
  });
  return Buffer.concat([iv, sealed]);
}

/**
 * Opens what {@link seal} made.
 * @throws Pkcs11Failure when key, bytes or additional data are not the ones sealed
 */
export function open(token: Token, key: KeyHandle, sealed: Buffer, additionalData: Buffer) {
  const iv = sealed.subarray(0, IV_BYTES);
  const body = sealed.subarray(IV_BYTES);
  return token.sessions.run('C_Decrypt', (session) => {
    token.library.C_DecryptInit(session, mechanism(Buffer.from(iv), additionalData), key);
    return token.library.C_Decrypt(session, Buffer.from(body), Buffer.alloc(body.length));
  });
}
