// SPDX-License-Identifier: Apache-2.0
// Bringing outside keys into the token: RSA pairs that others encrypt keys to, kept wrapped under a key of the
// token, and secret key objects made of the bytes that come out. The padding is the caller's: tokens differ in
// the OAEP hashes they know, but all of them have the bare RSA operation.
import pkcs11, { type Template } from 'pkcs11js';
import { guarded } from './errors.ts';
import { wrapKey } from './key-wrap.ts';
import { aesKeyTemplate, type KeyPlacement } from './templates.ts';
import type { KeyHandle, Token } from './token.ts';

const PUBLIC_EXPONENT = Buffer.from([1, 0, 1]);
const MAXIMUM_WRAPPED_BYTES = 4096;

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

/** Puts 32 key bytes into the token and takes them out again wrapped. @throws Pkcs11Failure */
export function wrapOutsideKey(
  token: Token,
  wrappingKey: KeyHandle,
  placement: Pick<KeyPlacement, 'label' | 'id'>,
  bytes: Buffer,
): Buffer {
  const generated = aesKeyTemplate({ ...placement, onToken: false, extractable: true }, 'encrypt');
  const template: Template = [
    ...generated.filter(({ type }) => type !== pkcs11.CKA_VALUE_LEN),
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    { type: pkcs11.CKA_VALUE, value: bytes },
  ];
  const key = guarded('C_CreateObject', () => token.library.C_CreateObject(token.holder, template));
  try {
    return wrapKey(token, wrappingKey, key);
  } finally {
    token.destroy(key);
  }
}
