// SPDX-License-Identifier: Apache-2.0
// Decrypt: the key is the ciphertext's own; a KeyId in the request must confirm it.
import { checkedAlgorithm } from '../../keys/asymmetric-encryption.ts';
import {
  admit,
  ciphertextBlob,
  commonMembers,
  contextMember,
  encryptionAlgorithm,
  endDryRun,
  ignoresCiphertext,
  keyIdText,
  modifierMember,
} from '../../keys/crypto-request.ts';
import { sealedBlob } from '../../keys/encryption.ts';
import { recipientMember, refuseRecipient } from '../../keys/recipient.ts';
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
    ...modifierMember,
    ...recipientMember,
  },
  (call, input) => {
    refuseRecipient(input);
    const isCiphertextIgnored = ignoresCiphertext(input);
    const { key, alias, open } = sealedBlob(call, {
      blob: input.CiphertextBlob,
      keyId: input.KeyId,
      algorithm: input.EncryptionAlgorithm,
      isCiphertextIgnored,
    });
    const context = input.EncryptionContext;
    admit(call, key, {
      action: 'kms:Decrypt',
      operation: 'Decrypt',
      usage: 'ENCRYPT_DECRYPT',
      context,
      alias,
      entries: { 'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT' },
    });
    const algorithm = checkedAlgorithm(key, { algorithm: input.EncryptionAlgorithm, context });
    if (isCiphertextIgnored) endDryRun(input);
    const { plaintext, materialId } = open(context);
    endDryRun(input);
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      Plaintext: plaintext.toString('base64'),
      EncryptionAlgorithm: algorithm,
      KeyMaterialId: materialId,
    };
  },
);
