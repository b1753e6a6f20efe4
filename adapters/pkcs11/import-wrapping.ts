// SPDX-License-Identifier: Apache-2.0
// Bringing outside keys into the token: RSA pairs that others encrypt keys to, kept wrapped under a key of the
// token, and key objects made of the bytes that come out, secret or private. The padding is the caller's: tokens differ in
// the OAEP hashes they know, but all of them have the bare RSA operation.
import { createCipheriv } from 'node:crypto';
import pkcs11, { type Template } from 'pkcs11js';
import { guarded } from './errors.ts';
import { type PairKind, unwrappedPrivateTemplate } from './key-pairs.ts';
import { wrapKey } from './key-wrap.ts';
import { type KeyPlacement, unwrappedAesTemplate, unwrappedHmacTemplate } from './templates.ts';
import type { KeyHandle, Token } from './token.ts';

const PUBLIC_EXPONENT = Buffer.from([1, 0, 1]);
const MAXIMUM_WRAPPED_BYTES = 4096;
// RFC 5649 with its alternative initial value; Node takes it as the IV.
const WRAP_PAD_IV = Buffer.from('a65959a6', 'hex');

function privateTemplate(extractable: boolean): Template {
  return [
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: extractable },
    { type: pkcs11.CKA_DECRYPT, value: true },
  ];
}

function publicTemplate(bits: number): Template {
  return [
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_ENCRYPT, value: true },
    { type: pkcs11.CKA_MODULUS_BITS, value: bits },
    { type: pkcs11.CKA_PUBLIC_EXPONENT, value: PUBLIC_EXPONENT },
  ];
}

/** A wrapping pair: the private half under the wrapping key, the public half as numbers. */
export interface WrappingPair {
  readonly wrappedPrivateKey: Buffer;
  readonly modulus: Buffer;
  readonly exponent: Buffer;
}

/** Makes an RSA pair off the event loop: 4096 bits take seconds. @throws Pkcs11Failure */
export function generateWrappingPair(
  token: Token,
  wrappingKey: KeyHandle,
  bits: number,
): Promise<WrappingPair> {
  const { library } = token;
  const generation = { mechanism: pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN };
  return token.sessions.runAsync('C_GenerateKeyPair', async (session) => {
    const pair = await library.C_GenerateKeyPairAsync(
      session,
      generation,
      publicTemplate(bits),
      privateTemplate(true),
    );
    try {
      const [modulus] = library.C_GetAttributeValue(session, pair.publicKey, [
        { type: pkcs11.CKA_MODULUS },
      ]);
      const wrappedPrivateKey = library.C_WrapKey(
        session,
        { mechanism: pkcs11.CKM_AES_KEY_WRAP_PAD },
        wrappingKey,
        pair.privateKey,
        Buffer.alloc(MAXIMUM_WRAPPED_BYTES),
      );
      if (!Buffer.isBuffer(modulus?.value)) throw new Error('the pair has no modulus');
      return { wrappedPrivateKey, modulus: modulus.value, exponent: PUBLIC_EXPONENT };
    } finally {
      library.C_DestroyObject(session, pair.publicKey);
      library.C_DestroyObject(session, pair.privateKey);
    }
  });
}

/** The bare RSA private operation with a pair's wrapped private key. @throws Pkcs11Failure */
export function rsaPrivate(
  token: Token,
  wrappingKey: KeyHandle,
  wrappedPrivateKey: Buffer,
  input: Buffer,
): Buffer {
  const { library } = token;
  const template: Template = [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_RSA },
    ...privateTemplate(false),
  ];
  return token.sessions.run('C_Decrypt', (session) => {
    const mechanism = { mechanism: pkcs11.CKM_AES_KEY_WRAP_PAD };
    const key = library.C_UnwrapKey(session, mechanism, wrappingKey, wrappedPrivateKey, template);
    try {
      library.C_DecryptInit(session, { mechanism: pkcs11.CKM_RSA_X_509 }, key);
      const output = library.C_Decrypt(session, input, Buffer.alloc(input.length));
      return Buffer.concat([Buffer.alloc(input.length - output.length), output]);
    } finally {
      library.C_DestroyObject(session, key);
    }
  });
}

/** How a secret key that came from outside is named, and what it is for. */
export interface OutsideSecret extends Pick<KeyPlacement, 'label' | 'id'> {
  readonly use: 'encrypt' | 'mac';
}

/** A private key from outside, PKCS#8 in DER. */
export interface Outside {
  readonly kind: PairKind;
  readonly bytes: Buffer;
}

/** Puts key bytes into the token, 32 unless they are for MACs, and takes them out again wrapped. @throws Pkcs11Failure */
export function wrapOutsideKey(
  token: Token,
  wrappingKey: KeyHandle,
  { use, ...placement }: OutsideSecret,
  bytes: Buffer,
): Buffer {
  const placed = { ...placement, onToken: false, extractable: true };
  const kept = use === 'mac' ? unwrappedHmacTemplate(placed) : unwrappedAesTemplate(placed);
  const key = createObject(token, [...kept, { type: pkcs11.CKA_VALUE, value: bytes }]);
  try {
    return wrapKey(token, wrappingKey, key);
  } finally {
    token.destroy(key);
  }
}

/**
 * Puts a private key into the token and takes it out again wrapped: it goes in under a key made for this once,
 * because tokens take PKCS#8 wrapped only.
 * @throws Pkcs11Failure
 */
export function wrapOutsidePair(
  token: Token,
  wrappingKey: KeyHandle,
  placement: Pick<KeyPlacement, 'label' | 'id'>,
  { kind, bytes }: Outside,
): Buffer {
  const once = token.random(32);
  const cipher = createCipheriv('id-aes256-wrap-pad', once, WRAP_PAD_IV);
  const blob = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const onceKey = createObject(token, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    { type: pkcs11.CKA_TOKEN, value: false },
    { type: pkcs11.CKA_UNWRAP, value: true },
    { type: pkcs11.CKA_VALUE, value: once },
  ]);
  once.fill(0);
  try {
    return rewrapped(token, wrappingKey, onceKey, {
      blob,
      template: unwrappedPrivateTemplate(
        kind,
        { ...placement, onToken: false, extractable: true },
        'sign',
      ),
    });
  } finally {
    token.destroy(onceKey);
  }
}

function rewrapped(
  token: Token,
  wrappingKey: KeyHandle,
  onceKey: KeyHandle,
  { blob, template }: { readonly blob: Buffer; readonly template: Template },
): Buffer {
  const mechanism = { mechanism: pkcs11.CKM_AES_KEY_WRAP_PAD };
  const key = guarded('C_UnwrapKey', () =>
    token.library.C_UnwrapKey(token.holder, mechanism, onceKey, blob, template),
  );
  try {
    return wrapKey(token, wrappingKey, key);
  } finally {
    token.destroy(key);
  }
}

function createObject(token: Token, template: Template): KeyHandle {
  return guarded('C_CreateObject', () => token.library.C_CreateObject(token.holder, template));
}
