// SPDX-License-Identifier: Apache-2.0
// Makes rows and HSM objects agree. At start: a key whose creation was cut short is taken back, material
// first. All the time: keys whose waiting period is over are destroyed.
import { serviceEventOf } from '../cloudtrail/service-event.ts';
import { expireImported } from '../keys/imported-material.ts';
import { afterRemoval, isMultiRegion, relatedKeys } from '../keys/multi-region.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { activeHsms, currentCluster } from './cluster-state.ts';
import { currentKeyStore } from './key-store-connection.ts';

/** Takes back creations that a crash cut short; CreateKey never answered for them. */
export function takeBackUnfinished({ store, material }: Emulator): number {
  const unfinished = store.keys.unfinished();
  for (const record of unfinished) {
    material.destroy(record);
    store.keys.remove(record.keyId);
  }
  return unfinished.length;
}

/** Whether KMS can delete material in the cluster of a key. */
function canDelete({ store, clock }: Emulator, { keyStoreId, clusterId }: KeyRecord): boolean {
  if (keyStoreId === null || clusterId === null) return true;
  if (currentKeyStore(store, clock, keyStoreId)?.state !== 'CONNECTED') return false;
  const cluster = currentCluster(store, clock, clusterId);
  return cluster !== undefined && activeHsms(cluster).length > 0;
}

/**
 * Destroys material that no key needs any more. Related keys of other Regions go on with the same; what KMS cannot
 * reach stays in its cluster as an orphan, as on AWS.
 */
function destroyMaterial(emulator: Emulator, record: KeyRecord): 'SUCCESS' | 'FAILURE' {
  if (isMultiRegion(record.keyId) && relatedKeys(emulator, record.keyId).length > 0) {
    return 'SUCCESS';
  }
  if (canDelete(emulator, record)) {
    emulator.material.destroy(record);
    return 'SUCCESS';
  }
  process.stderr.write(
    `emulator: key ${record.keyId} is deleted, its material stays in ${record.clusterId}: KMS is not connected\n`,
  );
  return 'FAILURE';
}

/** Of a custom key store CloudTrail also tells where the material was, and whether it went. */
function deletionDetails(record: KeyRecord, deletionStatus: string) {
  const { keyStoreId: customKeyStoreId, clusterId, keyId: backingKeyId } = record;
  if (customKeyStoreId === null || clusterId === null) return {};
  const backingKeysDeletionStatus = JSON.stringify([{ backingKeyId, deletionStatus }]);
  return { additionalEventData: { customKeyStoreId, clusterId, backingKeysDeletionStatus } };
}

/** Ends imported material that expired and destroys keys whose deletion date has come; the row goes last, so that a crash repeats the work. */
export function destroyDueKeys(emulator: Emulator): void {
  const { store, material, clock } = emulator;
  expireImported(emulator, undefined, clock());
  for (const record of store.keys.due(clock())) {
    for (const old of store.materials.ofKey(record.keyId)) material.forgetMaterial(old.materialId);
    const details = deletionDetails(record, destroyMaterial(emulator, record));
    store.keys.remove(record.keyId);
    store.usage.remove(record.keyId);
    if (isMultiRegion(record.keyId)) afterRemoval(emulator, record.keyId);
    const { keyId, deletionAt } = record;
    const act = { name: 'DeleteKey', keyId, at: deletionAt ?? clock(), details } as const;
    emulator.trail.add(serviceEventOf(emulator.place, act));
  }
}
