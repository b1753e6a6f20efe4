// SPDX-License-Identifier: Apache-2.0
// Imported material: which of a key's materials are there, and what that makes of the key. A key is usable only
// while every material that ever was current is there; its row has the current material exactly then.
import { createHash } from 'node:crypto';
import { serviceEventOf } from '../cloudtrail/service-event.ts';
import type { Emulator } from '../settings.ts';
import type { MaterialRecord } from '../store/key-materials.ts';
import type { KeyRecord } from '../store/key-row.ts';

/** The parts of an emulator that imported material concerns. */
type Parts = Pick<Emulator, 'store' | 'material' | 'clock' | 'trail' | 'place'>;

/** A material's identifier: of this key and these bytes, as AWS's is. */
export function importedMaterialId(keyId: string, material: Buffer): string {
  return createHash('sha256').update(`${keyId}\0`).update(material).digest('hex');
}

/** Whether the key waits for imported material. */
export function isPendingImport(key: KeyRecord): boolean {
  return key.origin === 'EXTERNAL' && key.wrappedKey === null;
}

/** Makes the key's row say what its materials say; a key that was waiting and is complete is Enabled. */
export function refreshImported(emulator: Parts, keyId: string, visibleAt: number): void {
  const { keys, materials } = emulator.store;
  const key = keys.committed(keyId);
  if (key === undefined) return;
  const joined = materials.ofKey(keyId).filter(({ state }) => state !== 'PENDING_ROTATION');
  const current = joined.find(({ state }) => state === 'CURRENT');
  const isComplete = joined.every(({ wrappedKey }) => wrappedKey !== null);
  const wrappedKey = isComplete ? (current?.wrappedKey ?? null) : null;
  const isBack = key.wrappedKey === null && wrappedKey !== null && key.state === 'Disabled';
  keys.change(
    keyId,
    {
      materialId: current?.materialId ?? key.materialId,
      wrappedKey,
      ...(isBack ? { state: 'Enabled' as const } : {}),
    },
    visibleAt,
  );
}

/** Takes a material away: its bytes are forgotten, its identity stays unless it never was current. */
export function forgetImported(emulator: Parts, material: MaterialRecord, visibleAt: number) {
  const { keys, materials } = emulator.store;
  materials.together(() => {
    if (material.state === 'PENDING_ROTATION') {
      materials.remove(material.keyId, material.materialId);
    } else {
      materials.put({ ...material, wrappedKey: null, validTo: null });
    }
    refreshImported(emulator, material.keyId, visibleAt);
  });
  const key = keys.committed(material.keyId);
  if (key !== undefined && visibleAt <= emulator.clock()) {
    emulator.material.forgetMaterial(material.materialId);
  }
}

/** Takes away the materials, of this key or of all, whose time is over. */
export function expireImported(emulator: Parts, keyId: string | undefined, now: number): void {
  for (const material of emulator.store.materials.expired(now)) {
    if (keyId !== undefined && material.keyId !== keyId) continue;
    forgetImported(emulator, material, now);
    const { keyId: ofKey, validTo } = material;
    const act = { name: 'DeleteExpiredKeyMaterial', keyId: ofKey, at: validTo ?? now } as const;
    emulator.trail.add(serviceEventOf(emulator.place, act));
  }
}
