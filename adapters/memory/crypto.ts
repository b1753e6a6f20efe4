// SPDX-License-Identifier: Apache-2.0
// Cryptography of the vault in memory, for a caller whose rights are checked elsewhere.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { KeyturnError } from '#core/errors.ts';
import { encrypts } from '#core/keys/key-specs.ts';
import { CANARY_CONTEXT_KEY } from '#core/keys/naming.ts';
import type { DataKeyMaker } from '#core/ports/data-keys.ts';
import type { Context, CryptoUser, Prover, ReEncryptor } from '#core/ports/key-vault.ts';
import { MemoryKeyMaterial } from './key-material.ts';
import type { StoredKey } from './stored-key.ts';

/** The key, if the caller may do that with it now. @throws KeyturnError as the vault does */
export type Usable = (act: 'encrypt' | 'decrypt', keyId: string, context: Context) => StoredKey;

const invalid = (message: string) => new KeyturnError('CiphertextInvalid', message);

export function dataKeysOf(usable: Usable): DataKeyMaker {
  return {
    makeWrapped: async (keyId, context) => {
      const key = usable('encrypt', keyId, context);
      return { wrapped: key.material.seal(randomBytes(32), context), keyArn: key.keyArn };
    },
  };
}

function forUse(key: StoredKey, encrypting: boolean): StoredKey {
  if (encrypts(key) === encrypting) return key;
  throw new KeyturnError('KeyNotUsable', 'the key is not for this');
}

/** Proofs of keys that sign or authenticate; as a canary's, which is all that the verifier may make. */
export function proverOf(usable: Usable): Prover {
  const context = { [CANARY_CONTEXT_KEY]: 'proof' };
  return {
    prove: async ({ keyId }, message) =>
      forUse(usable('encrypt', keyId, context), false).material.prove(message),
    holds: async ({ keyId }, message, proof) => {
      const expected = forUse(usable('decrypt', keyId, context), false).material.prove(message);
      return expected.length === proof.length && timingSafeEqual(expected, proof);
    },
  };
}

export function cryptoOf(usable: Usable): CryptoUser {
  return {
    encrypt: async (keyId, plaintext, context) =>
      forUse(usable('encrypt', keyId, context), true).material.seal(plaintext, context),
    decrypt: async (ciphertext, context, keyId) => {
      const named = MemoryKeyMaterial.keyIdOf(ciphertext);
      if (named === null || (keyId !== undefined && keyId !== named))
        throw invalid('the ciphertext names no key or another one');
      const key = usable('decrypt', named, context);
      const plaintext = key.material.open(ciphertext, context);
      const materialId =
        key.origin === 'AWS_KMS' ? MemoryKeyMaterial.materialIdOf(ciphertext) : null;
      return { plaintext, keyId: named, materialId };
    },
  };
}

export function reEncryptorOf(usable: Usable): ReEncryptor {
  return {
    reEncrypt: async (ciphertext, context, targetKeyId) => {
      const named = MemoryKeyMaterial.keyIdOf(ciphertext);
      if (named === null) throw invalid('the ciphertext names no key');
      const source = usable('decrypt', named, context);
      const target = usable('encrypt', targetKeyId, context);
      const plaintext = source.material.open(ciphertext, context);
      return { ciphertext: target.material.seal(plaintext, context), sourceKeyId: named };
    },
  };
}
