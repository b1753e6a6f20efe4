// SPDX-License-Identifier: Apache-2.0
// ReEncrypt: opens under the source key, seals under the destination; the plaintext leaves neither call.
import { checkedAlgorithm, DEFAULT_ALGORITHM } from '../../keys/asymmetric-encryption.ts';
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
import { encryptWith, sealedBlob } from '../../keys/encryption.ts';
import { type FoundKey, findKeyOrAlias } from '../../keys/find-key.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { type InputOf, optional, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

const members = {
  CiphertextBlob: required(ciphertextBlob),
  SourceKeyId: optional(keyIdText),
  SourceEncryptionContext: contextMember,
  SourceEncryptionAlgorithm: optional(encryptionAlgorithm),
  DestinationKeyId: required(keyIdText),
  DestinationEncryptionContext: contextMember,
  DestinationEncryptionAlgorithm: optional(encryptionAlgorithm),
  ...commonMembers,
  ...modifierMember,
};

type Input = InputOf<typeof members>;

/** ReEncryptFrom on the source and ReEncryptTo on the destination. */
function admitBoth(call: Call, input: Input, source: FoundKey, destination: FoundKey): void {
  const common = { operation: 'ReEncrypt', usage: 'ENCRYPT_DECRYPT' as const };
  const entries = { 'kms:ReEncryptOnSameKey': source.key.keyId === destination.key.keyId };
  admit(call, source.key, {
    ...common,
    action: 'kms:ReEncryptFrom',
    context: input.SourceEncryptionContext,
    alias: source.alias,
    entries,
  });
  admit(call, destination.key, {
    ...common,
    action: 'kms:ReEncryptTo',
    context: input.DestinationEncryptionContext,
    alias: destination.alias,
    entries,
  });
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html */
export const reEncrypt = operation('ReEncrypt', members, (call, input) => {
  const isCiphertextIgnored = ignoresCiphertext(input);
  const source = sealedBlob(call, {
    blob: input.CiphertextBlob,
    keyId: input.SourceKeyId,
    algorithm: input.SourceEncryptionAlgorithm,
    isCiphertextIgnored,
  });
  const destination = findKeyOrAlias(call, input.DestinationKeyId);
  admitBoth(call, input, source, destination);
  const from = checkedAlgorithm(source.key, {
    algorithm: input.SourceEncryptionAlgorithm,
    context: input.SourceEncryptionContext,
  });
  const context = input.DestinationEncryptionContext;
  const algorithm = checkedAlgorithm(destination.key, {
    algorithm: input.DestinationEncryptionAlgorithm,
    context,
  });
  const { emulator } = call;
  if (isCiphertextIgnored) endDryRun(input);
  const { plaintext, materialId } = source.open(input.SourceEncryptionContext);
  const resealed = encryptWith(emulator, destination.key, { algorithm, context }, plaintext);
  plaintext.fill(0);
  endDryRun(input);
  return {
    CiphertextBlob: resealed.toString('base64'),
    SourceKeyId: keyArn(emulator.place, source.key.keyId),
    KeyId: keyArn(emulator.place, destination.key.keyId),
    SourceEncryptionAlgorithm: from,
    DestinationEncryptionAlgorithm: algorithm,
    SourceKeyMaterialId: materialId,
    ...(algorithm === DEFAULT_ALGORITHM
      ? { DestinationKeyMaterialId: destination.key.materialId }
      : {}),
  };
});
