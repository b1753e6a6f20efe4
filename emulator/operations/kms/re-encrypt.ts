// SPDX-License-Identifier: Apache-2.0
// ReEncrypt: opens under the source key, seals under the destination; the plaintext leaves neither call.
import {
  decryptUnder,
  encryptUnder,
  keyOfMaterial,
  parseCiphertext,
} from '../../keys/ciphertext.ts';
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
  const ciphertext = parseCiphertext(input.CiphertextBlob);
  const source = keyOfCiphertext(call, ciphertext.keyId, input.SourceKeyId);
  const destination = findKeyOrAlias(call, input.DestinationKeyId);
  admitBoth(call, input, source, destination);
  requireSymmetricAlgorithm(source.key, input.SourceEncryptionAlgorithm);
  requireSymmetricAlgorithm(destination.key, input.DestinationEncryptionAlgorithm);
  const { emulator } = call;
  const holder = keyOfMaterial(emulator, source.key, ciphertext);
  const plaintext = decryptUnder(emulator, holder, ciphertext, input.SourceEncryptionContext);
  const resealed = encryptUnder(
    emulator,
    destination.key,
    plaintext,
    input.DestinationEncryptionContext,
  );
  plaintext.fill(0);
  endDryRun(input);
  return {
    CiphertextBlob: resealed.toString('base64'),
    SourceKeyId: keyArn(emulator.place, source.key.keyId),
    KeyId: keyArn(emulator.place, destination.key.keyId),
    SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    SourceKeyMaterialId: holder.materialId,
    DestinationKeyMaterialId: destination.key.materialId,
  };
});
