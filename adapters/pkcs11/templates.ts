// SPDX-License-Identifier: Apache-2.0
// Attribute templates. Every key made for keeping is sensitive and not extractable; only the short-lived
// originals of wrapped keys are extractable, because C_WrapKey demands it (PKCS#11 v3.0 §5.14).
import pkcs11, { type Template } from 'pkcs11js';

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

/** Name, place and protection. */
export function placed(placement: KeyPlacement): Template {
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

const macUse: Template = [
  { type: pkcs11.CKA_SIGN, value: true },
  { type: pkcs11.CKA_VERIFY, value: true },
];

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

/** An HMAC key of as many bytes as its hash has. */
export function hmacKeyTemplate(placement: KeyPlacement, sizeBytes: number): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_VALUE_LEN, value: sizeBytes },
    ...placed(placement),
    ...macUse,
  ];
}

/** An HMAC key coming out of C_UnwrapKey. */
export function unwrappedHmacTemplate(placement: KeyPlacement): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_GENERIC_SECRET },
    ...placed(placement),
    ...macUse,
  ];
}
