// SPDX-License-Identifier: Apache-2.0
// Attribute templates. Every key made for keeping is sensitive and not extractable; only the short-lived
// originals of wrapped keys are extractable, because C_WrapKey demands it (PKCS#11 v3.0 §5.14).
import pkcs11, { type Template } from 'pkcs11js';

/** DER of the object identifier of P-256 (prime256v1), for CKA_EC_PARAMS. */
const P256_PARAMETERS = Buffer.from('06082a8648ce3d030107', 'hex');

/** How a key object is named and where it lives. */
export interface KeyPlacement {
  /** CKA_LABEL. */
  readonly label: string;
  /** CKA_ID. */
  readonly id: Buffer;
  /** True: on the token, for ever. False: gone with the holding session. */
  readonly onToken: boolean;
  readonly extractable: boolean;
}

/** What the key may do. */
export type KeyUse = 'encrypt' | 'wrap';

function placed(placement: KeyPlacement): Template {
  return [
    { type: pkcs11.CKA_TOKEN, value: placement.onToken },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: placement.extractable },
    { type: pkcs11.CKA_LABEL, value: placement.label },
    { type: pkcs11.CKA_ID, value: placement.id },
  ];
}

function secretKeyUse(use: KeyUse): Template {
  const encrypt = use === 'encrypt';
  return [
    { type: pkcs11.CKA_ENCRYPT, value: encrypt },
    { type: pkcs11.CKA_DECRYPT, value: encrypt },
    { type: pkcs11.CKA_WRAP, value: !encrypt },
    { type: pkcs11.CKA_UNWRAP, value: !encrypt },
  ];
}

/** A new AES-256 key. */
export function aesKeyTemplate(placement: KeyPlacement, use: KeyUse): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_VALUE_LEN, value: 32 },
    ...placed(placement),
    ...secretKeyUse(use),
  ];
}

/** An AES key coming out of C_UnwrapKey. */
export function unwrappedAesTemplate(placement: KeyPlacement): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    ...placed(placement),
    ...secretKeyUse('encrypt'),
  ];
}

/** The public half of a new P-256 pair; always a session object, its point is what is kept. */
export function p256PublicTemplate(): Template {
  return [
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_VERIFY, value: true },
    { type: pkcs11.CKA_EC_PARAMS, value: P256_PARAMETERS },
  ];
}

/** A public key object made of a known point (DER OCTET STRING, as CKA_EC_POINT gives it). */
export function p256ImportTemplate(ecPoint: Buffer): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PUBLIC_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_EC },
    ...p256PublicTemplate(),
    { type: pkcs11.CKA_EC_POINT, value: ecPoint },
  ];
}

/** The private half of a new P-256 pair. */
export function p256PrivateTemplate(placement: KeyPlacement): Template {
  return [...placed(placement), { type: pkcs11.CKA_SIGN, value: true }];
}

/** A P-256 private key coming out of C_UnwrapKey. */
export function unwrappedP256Template(placement: KeyPlacement): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_EC },
    ...p256PrivateTemplate(placement),
  ];
}
