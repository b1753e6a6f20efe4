// SPDX-License-Identifier: Apache-2.0
// KeyMetadata of DescribeKey and CreateKey.
import { epochSeconds } from '../clock.ts';
import { type Emulator, keyArn } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { keyState } from './key-state.ts';

function algorithms(key: KeyRecord) {
  return key.keyUsage === 'ENCRYPT_DECRYPT'
    ? { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'], CurrentKeyMaterialId: key.materialId }
    : { SigningAlgorithms: ['ECDSA_SHA_256'] };
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
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.keySpec,
    KeySpec: key.keySpec,
    ...algorithms(key),
    MultiRegion: false,
  };
}
