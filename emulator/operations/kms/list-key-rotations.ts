// SPDX-License-Identifier: Apache-2.0
// ListKeyRotations: completed rotations oldest first, or every material of the key.
import { authorizeKey } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { materialsOf } from '../../keys/material-rotation.ts';
import { page, pagingMembers } from '../../keys/paging.ts';
import { requireRotatableOnDemand } from '../../keys/rotation.ts';
import { awaitsReplicas } from '../../keys/shared-material.ts';
import { oneOf } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import type { Emulator } from '../../settings.ts';
import type { MaterialRecord } from '../../store/key-materials.ts';
import type { KeyRecord } from '../../store/key-row.ts';

function imported(material: MaterialRecord) {
  return {
    ImportState: material.wrappedKey === null ? 'PENDING_IMPORT' : 'IMPORTED',
    ...(material.description === null ? {} : { KeyMaterialDescription: material.description }),
    ...(material.wrappedKey === null
      ? {}
      : {
          ExpirationModel:
            material.validTo === null ? 'KEY_MATERIAL_DOES_NOT_EXPIRE' : 'KEY_MATERIAL_EXPIRES',
        }),
    ...(material.validTo === null ? {} : { ValidTo: epochSeconds(material.validTo) }),
  };
}

function stateOf(emulator: Emulator, material: MaterialRecord): string {
  if (material.state !== 'PENDING_ROTATION' || !awaitsReplicas(emulator, material)) {
    return material.state;
  }
  return 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION';
}

function entry(emulator: Emulator, key: KeyRecord, material: MaterialRecord) {
  return {
    KeyId: key.keyId,
    KeyMaterialId: material.materialId,
    KeyMaterialState: stateOf(emulator, material),
    ...(material.rotatedAt === null ? {} : { RotationDate: epochSeconds(material.rotatedAt) }),
    ...(material.rotationType === null ? {} : { RotationType: material.rotationType }),
    ...(key.origin === 'EXTERNAL' ? imported(material) : {}),
  };
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyRotations.html */
export const listKeyRotations = operation(
  'ListKeyRotations',
  {
    KeyId: required(keyIdText),
    IncludeKeyMaterial: optional(oneOf(['ALL_KEY_MATERIAL', 'ROTATIONS_ONLY'])),
    ...pagingMembers,
  },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:ListKeyRotations', key);
    requireRotatableOnDemand(call, key);
    const all = input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL';
    const found = materialsOf(call.emulator, key).filter((item) => all || item.rotatedAt !== null);
    const order = ({ sequence }: MaterialRecord) => String(sequence).padStart(6, '0');
    const { items, more } = page(found, order, input, 100);
    return { Rotations: items.map((material) => entry(call.emulator, key, material)), ...more };
  },
);
