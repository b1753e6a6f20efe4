// SPDX-License-Identifier: Apache-2.0
// DeleteImportedKeyMaterial: the key waits for the same material again; material that never was current is gone.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { forgetImported } from '../../keys/imported-material.ts';
import { requireSettled } from '../../keys/key-state.ts';
import { requireImportable } from '../../keys/rotation.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteImportedKeyMaterial.html */
export const deleteImportedKeyMaterial = operation(
  'DeleteImportedKeyMaterial',
  {
    KeyId: required(keyIdText),
    KeyMaterialId: optional(text(64, 64, { pattern: /^[a-f0-9]+$/ })),
  },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:DeleteImportedKeyMaterial', key);
    requireImportable(call, key);
    requireSettled(call, key);
    const arn = keyArn(call.emulator.place, key.keyId);
    const wanted = input.KeyMaterialId ?? key.materialId;
    const material = call.emulator.store.materials
      .ofKey(key.keyId)
      .find(({ materialId }) => materialId === wanted);
    if (material !== undefined) {
      forgetImported(call.emulator, material, call.visibleAt);
      const isOnly = key.keySpec !== 'SYMMETRIC_DEFAULT';
      return isOnly ? { KeyId: arn } : { KeyId: arn, KeyMaterialId: material.materialId };
    }
    if (input.KeyMaterialId === undefined) return { KeyId: arn };
    throw new AwsError('NotFoundException', `Key material ${wanted} does not exist in ${arn}.`);
  },
);
