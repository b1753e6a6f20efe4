// SPDX-License-Identifier: Apache-2.0
// What GenerateDataKey and GenerateDataKeyWithoutPlaintext share: a random key and its sealed form.
import { encryptUnder } from '../../keys/ciphertext.ts';
import {
  admit,
  commonMembers,
  contextMember,
  endDryRun,
  keyIdText,
} from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { AwsError } from '../../protocol/errors.ts';
import { integer, oneOf } from '../../protocol/members.ts';
import type { Call } from '../../protocol/operation.ts';
import { type InputOf, optional, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';
import type { KeyRecord } from '../../store/key-row.ts';

/** Members of both operations. */
export const dataKeyMembers = {
  KeyId: required(keyIdText),
  EncryptionContext: contextMember,
  NumberOfBytes: optional(integer(1, 1024)),
  KeySpec: optional(oneOf(['AES_256', 'AES_128'])),
  ...commonMembers,
};

type DataKeyInput = InputOf<typeof dataKeyMembers>;

function sizeBytes(input: DataKeyInput): number {
  const { NumberOfBytes, KeySpec } = input;
  if ((NumberOfBytes === undefined) === (KeySpec === undefined)) {
    throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
  }
  return NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32);
}

/** @throws AwsError InvalidKeyUsageException on RSA keys, whose usage is that of symmetric ones */
export function requireSymmetric(key: KeyRecord): void {
  if (key.keySpec === 'SYMMETRIC_DEFAULT') return;
  throw new AwsError(
    'InvalidKeyUsageException',
    'You cannot generate a data key with an asymmetric CMK',
  );
}

/** Makes a data key for the named operation; `plaintext` is the caller's to hand out or wipe. */
export function makeDataKey(call: Call, operation: string, input: DataKeyInput) {
  const size = sizeBytes(input);
  const { key, alias } = findKeyOrAlias(call, input.KeyId);
  admit(call, key, {
    action: `kms:${operation}`,
    operation,
    usage: 'ENCRYPT_DECRYPT',
    context: input.EncryptionContext,
    alias,
  });
  requireSymmetric(key);
  const plaintext = call.emulator.hsm.random(size);
  const sealed = encryptUnder(call.emulator, key, plaintext, input.EncryptionContext);
  endDryRun(input);
  const answer = {
    CiphertextBlob: sealed.toString('base64'),
    KeyId: keyArn(call.emulator.place, key.keyId),
    KeyMaterialId: key.materialId,
  };
  return { plaintext, answer };
}
