// SPDX-License-Identifier: Apache-2.0
// Diffie-Hellman on curves inside the token: the raw shared secret (SP 800-56A §5.7.1.2), no derivation.
import pkcs11, { type ECDH1, type Template } from 'pkcs11js';
import { guarded } from './errors.ts';
import type { KeyHandle, Token } from './token.ts';

const SHARED_SECRET: Template = [
  { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
  { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_GENERIC_SECRET },
  { type: pkcs11.CKA_TOKEN, value: false },
  { type: pkcs11.CKA_SENSITIVE, value: false },
  { type: pkcs11.CKA_EXTRACTABLE, value: true },
];

/** The x coordinate both sides share, of full length. @throws Pkcs11Failure for a point off the curve */
export function sharedSecret(token: Token, privateKey: KeyHandle, peerPoint: Buffer): Buffer {
  const parameter: ECDH1 = {
    type: pkcs11.CK_PARAMS_EC_DH,
    kdf: pkcs11.CKD_NULL,
    publicData: peerPoint,
  };
  const mechanism = { mechanism: pkcs11.CKM_ECDH1_DERIVE, parameter };
  const secret = guarded('C_DeriveKey', () =>
    token.library.C_DeriveKey(token.holder, mechanism, privateKey, SHARED_SECRET),
  );
  try {
    return token.bytesOf(secret, pkcs11.CKA_VALUE);
  } finally {
    token.destroy(secret);
  }
}
