// SPDX-License-Identifier: Apache-2.0
// Encrypt: up to 4,096 bytes under a symmetric key, less under an RSA key.
import { noteEventData } from '../../cloudtrail/keys-used.ts';
import { checkedAlgorithm, DEFAULT_ALGORITHM } from '../../keys/asymmetric-encryption.ts';
import {
  admit,
  commonMembers,
  contextMember,
  encryptionAlgorithm,
  endDryRun,
  keyIdText,
} from '../../keys/crypto-request.ts';
import { encryptWith } from '../../keys/encryption.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { blob } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html */
export const encrypt = operation(
  'Encrypt',
  {
    KeyId: required(keyIdText),
    Plaintext: required(blob(1, 4096)),
    EncryptionContext: contextMember,
    EncryptionAlgorithm: optional(encryptionAlgorithm),
    ...commonMembers,
  },
  (call, input) => {
    const { key, alias } = findKeyOrAlias(call, input.KeyId);
    const context = input.EncryptionContext;
    const usage = 'ENCRYPT_DECRYPT';
    admit(call, key, {
      action: 'kms:Encrypt',
      operation: 'Encrypt',
      usage,
      context,
      alias,
      entries: { 'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT' },
    });
    const algorithm = checkedAlgorithm(key, { algorithm: input.EncryptionAlgorithm, context });
    const ciphertext = encryptWith(call.emulator, key, { algorithm, context }, input.Plaintext);
    endDryRun(input);
    if (algorithm === DEFAULT_ALGORITHM) {
      noteEventData(call.caller, { keyMaterialId: key.materialId });
    }
    return {
      CiphertextBlob: ciphertext.toString('base64'),
      KeyId: keyArn(call.emulator.place, key.keyId),
      EncryptionAlgorithm: algorithm,
    };
  },
);
