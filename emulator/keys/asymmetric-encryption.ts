// SPDX-License-Identifier: Apache-2.0
// Encryption under RSA keys: OAEP in the HSM, no encryption context, and a ciphertext that names no key.
import { modulusBits } from '#adapters/pkcs11/key-pairs.ts';
import { type OaepScheme, oaepDecrypt, oaepEncrypt, oaepLimit } from '#adapters/pkcs11/rsa.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import type { EncryptionContext } from './ciphertext.ts';
import { pairKind, requireAlgorithm } from './key-specs.ts';

/** The algorithm when a request names none. */
export const DEFAULT_ALGORITHM = 'SYMMETRIC_DEFAULT';

/** How a request asks for encryption. */
export interface EncryptionInput {
  readonly algorithm: string | undefined;
  readonly context: EncryptionContext;
}

/** The algorithm, which must be one of the key's, without a context where it binds none. @throws AwsError */
export function checkedAlgorithm(key: KeyRecord, input: EncryptionInput): string {
  const algorithm = input.algorithm ?? DEFAULT_ALGORITHM;
  requireAlgorithm(key, algorithm);
  if (algorithm !== DEFAULT_ALGORITHM && (input.context?.size ?? 0) > 0) {
    throw new AwsError(
      'ValidationException',
      'EncryptionContext is not supported with an asymmetric KMS key.',
    );
  }
  return algorithm;
}

function scheme(key: KeyRecord, algorithm: string): OaepScheme {
  const kind = pairKind(key.keySpec);
  return {
    hash: algorithm === 'RSAES_OAEP_SHA_1' ? 'sha1' : 'sha256',
    size: kind === undefined ? 0 : modulusBits(kind) / 8,
  };
}

function missing(): AwsError {
  return new AwsError('KMSInvalidStateException', 'The key material does not exist in the HSM.');
}

/** Encrypts to the public half. @throws AwsError ValidationException when it does not fit */
export function encryptToPublic(
  emulator: Emulator,
  key: KeyRecord,
  algorithm: string,
  plaintext: Buffer,
): Buffer {
  const limit = oaepLimit(scheme(key, algorithm));
  if (plaintext.length > limit) {
    throw new AwsError(
      'ValidationException',
      `Algorithm ${algorithm} and key spec ${key.keySpec} cannot encrypt data larger than ${limit} bytes.`,
    );
  }
  const usable = emulator.material.usePublic(key);
  if (usable === undefined) throw missing();
  return oaepEncrypt(usable.token, usable.handle, scheme(key, algorithm), plaintext);
}

/** Decrypts with the private half. @throws AwsError InvalidCiphertextException */
export function decryptWithPrivate(
  emulator: Emulator,
  key: KeyRecord,
  algorithm: string,
  ciphertext: Buffer,
): Buffer {
  const usable = emulator.material.use(key);
  if (usable === undefined) throw missing();
  const plaintext = oaepDecrypt(usable.token, usable.handle, scheme(key, algorithm), ciphertext);
  if (plaintext === undefined) throw new AwsError('InvalidCiphertextException');
  return plaintext;
}
