// SPDX-License-Identifier: Apache-2.0
// Encryption under either kind of key. A symmetric ciphertext names its key; an RSA one is only bytes, so that
// the request must name it.
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { DEFAULT_ALGORITHM, decryptWithPrivate, encryptToPublic } from './asymmetric-encryption.ts';
import {
  decryptUnder,
  type EncryptionContext,
  encryptUnder,
  keyOfMaterial,
  parseCiphertext,
} from './ciphertext.ts';
import { keyOfCiphertext } from './crypto-request.ts';
import { type FoundKey, findKeyOrAlias } from './find-key.ts';

/** A blob with its key; `open` wants the key admitted first. */
export interface SealedBlob extends FoundKey {
  /** The plaintext, and the material that opened it where ciphertexts tell. */
  open(context: EncryptionContext): Opened;
}

interface Opened {
  readonly plaintext: Buffer;
  readonly materialId: string | undefined;
}

/** Encrypts with an algorithm that is known to be the key's. */
export function encryptWith(
  emulator: Emulator,
  key: KeyRecord,
  { algorithm, context }: { readonly algorithm: string; readonly context: EncryptionContext },
  plaintext: Buffer,
): Buffer {
  return algorithm === DEFAULT_ALGORITHM
    ? encryptUnder(emulator, key, plaintext, context)
    : encryptToPublic(emulator, key, algorithm, plaintext);
}

/** Finds the key of a blob as a request gives it. @throws AwsError */
export function sealedBlob(
  call: Call,
  request: {
    readonly blob: Buffer;
    readonly keyId: string | undefined;
    readonly algorithm: string | undefined;
    /** The blob need not be the key's, nor be any: it will not be opened. */
    readonly isCiphertextIgnored?: boolean;
  },
): SealedBlob {
  const { blob, keyId, algorithm = DEFAULT_ALGORITHM } = request;
  if (algorithm !== DEFAULT_ALGORITHM && keyId === undefined) {
    throw new AwsError(
      'ValidationException',
      `KeyId is required when the encryption algorithm is ${algorithm}.`,
    );
  }
  const named = keyId === undefined ? undefined : findKeyOrAlias(call, keyId);
  if (named !== undefined && algorithm !== DEFAULT_ALGORITHM) {
    const open = () => ({
      plaintext: decryptWithPrivate(call.emulator, named.key, algorithm, blob),
      materialId: undefined,
    });
    return { ...named, open };
  }
  if (named !== undefined && request.isCiphertextIgnored === true) {
    return { ...named, open: () => ({ plaintext: Buffer.alloc(0), materialId: undefined }) };
  }
  const ciphertext = parseCiphertext(blob);
  const found = keyOfCiphertext(call, ciphertext.keyId, keyId);
  return {
    ...found,
    open: (context) => {
      const holder = keyOfMaterial(call.emulator, found.key, ciphertext);
      const plaintext = decryptUnder(call.emulator, holder, ciphertext, context);
      return { plaintext, materialId: holder.materialId };
    },
  };
}
