// SPDX-License-Identifier: Apache-2.0
// Makes rows and HSM objects agree. At start: a key whose creation was cut short is taken back, material
// first. All the time: keys whose waiting period is over are destroyed.
import { expireImported } from '../keys/imported-material.ts';
import { afterRemoval, isMultiRegion, relatedKeys } from '../keys/multi-region.ts';
import type { Regions } from '../regions.ts';
import type { Emulator } from '../settings.ts';

/** Takes back creations that a crash cut short; CreateKey never answered for them. */
export function takeBackUnfinished({ store, material }: Emulator): number {
  const unfinished = store.keys.unfinished();
  for (const record of unfinished) {
    material.destroy(record);
    store.keys.remove(record.keyId);
  }
  return unfinished.length;
}

/** Ends imported material that expired and destroys keys whose deletion date has come; the row goes last, so that a crash repeats the work. */
export function destroyDueKeys(regions: Regions): void {
  for (const emulator of regions.all()) destroyDueKeysIn(emulator);
}

function destroyDueKeysIn(emulator: Emulator): void {
  const { store, material, clock } = emulator;
  expireImported({ store, material, clock }, undefined, clock());
  for (const record of store.keys.due(clock())) {
    for (const old of store.materials.ofKey(record.keyId)) material.forgetMaterial(old.materialId);
    // Related keys of other Regions go on with the same material.
    const isMulti = isMultiRegion(record.keyId);
    if (!isMulti || relatedKeys(emulator, record.keyId).length === 0) material.destroy(record);
    store.keys.remove(record.keyId);
    store.usage.remove(record.keyId);
    if (isMulti) afterRemoval(emulator, record.keyId);
  }
}
