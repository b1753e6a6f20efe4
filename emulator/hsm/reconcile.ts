// SPDX-License-Identifier: Apache-2.0
// Makes rows and HSM objects agree. At start: a key whose creation was cut short is taken back, material
// first. All the time: keys whose waiting period is over are destroyed.
import type { Clock } from '../clock.ts';
import { expireImported } from '../keys/imported-material.ts';
import type { Store } from '../store/store.ts';
import type { KeyMaterial } from './key-material.ts';

/** Takes back creations that a crash cut short; CreateKey never answered for them. */
export function takeBackUnfinished(store: Store, material: KeyMaterial): number {
  const unfinished = store.keys.unfinished();
  for (const record of unfinished) {
    material.destroy(record);
    store.keys.remove(record.keyId);
  }
  return unfinished.length;
}

/** Ends imported material that expired and destroys keys whose deletion date has come; the row goes last, so that a crash repeats the work. */
export function destroyDueKeys(store: Store, material: KeyMaterial, clock: Clock): void {
  expireImported({ store, material, clock }, undefined, clock());
  for (const record of store.keys.due(clock())) {
    for (const old of store.materials.ofKey(record.keyId)) material.forgetMaterial(old.materialId);
    material.destroy(record);
    store.keys.remove(record.keyId);
    store.usage.remove(record.keyId);
  }
}
