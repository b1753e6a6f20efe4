// SPDX-License-Identifier: Apache-2.0
// KeyMetadata of DescribeKey and CreateKey.
import { epochSeconds } from '../clock.ts';
import { type Emulator, keyArn } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { algorithmMembers } from './key-specs.ts';
import { keyState } from './key-state.ts';
import { multiRegionMembers, passingState } from './multi-region.ts';

/** A key without material has no id of it: one that waits for its import, and a replica that is being made. */
function algorithms(emulator: Emulator, key: KeyRecord) {
  const members = algorithmMembers(key);
  if (passingState(emulator, key.keyId) === 'Creating') return members;
  const isEmpty =
    key.origin === 'EXTERNAL' && emulator.store.materials.plan(key.keyId) === undefined;
  if (key.keySpec !== 'SYMMETRIC_DEFAULT' || isEmpty) return members;
  return { ...members, CurrentKeyMaterialId: key.materialId };
}

/** The earliest expiry of imported material that is or was current. */
function importedMembers(emulator: Emulator, key: KeyRecord) {
  if (key.origin !== 'EXTERNAL' || key.wrappedKey === null) return {};
  const ends = emulator.store.materials
    .ofKey(key.keyId)
    .flatMap(({ state, validTo }) => (state === 'PENDING_ROTATION' ? [] : (validTo ?? [])));
  const validTo = ends.length === 0 ? null : Math.min(...ends);
  if (validTo === null) return { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' };
  return { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: epochSeconds(validTo) };
}

/** A key as AWS describes it. */
export function keyMetadata(emulator: Emulator, key: KeyRecord) {
  const state = keyState(emulator, key);
  const pending = key.state === 'PendingDeletion' && key.deletionAt !== null;
  const inStore = key.keyStoreId !== null;
  return {
    AWSAccountId: emulator.place.account,
    KeyId: key.keyId,
    Arn: keyArn(emulator.place, key.keyId),
    CreationDate: epochSeconds(key.createdAt),
    Enabled: state === 'Enabled',
    Description: key.description,
    KeyUsage: key.keyUsage,
    KeyState: state,
    ...(pending ? { DeletionDate: epochSeconds(key.deletionAt ?? 0) } : {}),
    Origin: key.origin,
    ...(inStore ? { CustomKeyStoreId: key.keyStoreId, CloudHsmClusterId: key.clusterId } : {}),
    ...importedMembers(emulator, key),
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.keySpec,
    KeySpec: key.keySpec,
    ...algorithms(emulator, key),
    ...multiRegionMembers(emulator, key),
  };
}
