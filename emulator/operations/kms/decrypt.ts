// SPDX-License-Identifier: Apache-2.0
// Decrypt: the key is the ciphertext's own; a KeyId in the request must confirm it.
import { decryptUnder, keyOfMaterial, parseCiphertext } from '../../keys/ciphertext.ts';
import {
  admit,
  ciphertextBlob,
  commonMembers,
  contextMember,
  encryptionAlgorithm,
  endDryRun,
  keyIdText,
  keyOfCiphertext,
  requireSymmetricAlgorithm,
} from '../../keys/crypto-request.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html */
export const decrypt = operation(
  'Decrypt',
  {
    CiphertextBlob: required(ciphertextBlob),
    KeyId: optional(keyIdText),
    EncryptionContext: contextMember,
    EncryptionAlgorithm: optional(encryptionAlgorithm),
    ...commonMembers,
  },
  (call, input) => {
    const ciphertext = parseCiphertext(input.CiphertextBlob);
    const { key, alias } = keyOfCiphertext(call, ciphertext.keyId, input.KeyId);
    const context = input.EncryptionContext;
    admit(call, key, {
      action: 'kms:Decrypt',
      operation: 'Decrypt',
      usage: 'ENCRYPT_DECRYPT',
      context,
      alias,
      entries: { 'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT' },
    });
    requireSymmetricAlgorithm(key, input.EncryptionAlgorithm);
    const holder = keyOfMaterial(call.emulator, key, ciphertext);
    const plaintext = decryptUnder(call.emulator, holder, ciphertext, context);
    endDryRun(input);
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      Plaintext: plaintext.toString('base64'),
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      KeyMaterialId: holder.materialId,
    };
  },
);
