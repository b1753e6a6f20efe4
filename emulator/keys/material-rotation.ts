// SPDX-License-Identifier: Apache-2.0
// Rotation as time does it: whoever finds a key first completes what is due. Old materials are kept, so that
// old ciphertexts open; a rotation on demand runs for a moment, as it does on AWS.
import { serviceEventOf } from '../cloudtrail/service-event.ts';
import type { Emulator } from '../settings.ts';
import type { MaterialRecord, RotationType } from '../store/key-materials.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { expireImported } from './imported-material.ts';

/** How long a rotation on demand runs. */
export const ON_DEMAND_MILLISECONDS = 250;
/** AWS's lifetime limit of rotations on demand of one key. */
export const ON_DEMAND_LIMIT = 25;
const DAY_MILLISECONDS = 86_400_000;

/** All materials of a key, oldest first; the first one of a key that never rotated is in its row. */
export function materialsOf(emulator: Emulator, key: KeyRecord): MaterialRecord[] {
  const materials = emulator.store.materials.ofKey(key.keyId);
  if (materials.length > 0 || key.wrappedKey === null) return materials;
  return [
    {
      keyId: key.keyId,
      sequence: 0,
      materialId: key.materialId,
      wrappedKey: key.wrappedKey,
      state: 'CURRENT',
      rotatedAt: null,
      rotationType: null,
      description: null,
      validTo: null,
    },
  ];
}

/** Material that waits to become current, of keys with imported material. */
export function pendingMaterial(emulator: Emulator, key: KeyRecord): MaterialRecord | undefined {
  return emulator.store.materials
    .ofKey(key.keyId)
    .find(({ state }) => state === 'PENDING_ROTATION');
}

function nextMaterial(emulator: Emulator, key: KeyRecord, sequence: number) {
  if (key.origin === 'EXTERNAL') return pendingMaterial(emulator, key);
  const { wrappedKey } = emulator.material.generateWrapped(key.keyId, key.keySpec);
  const materialId = emulator.hsm.random(32).toString('hex');
  return { keyId: key.keyId, sequence, materialId, wrappedKey, description: null, validTo: null };
}

function rotate(emulator: Emulator, keyId: string, type: RotationType, at: number): void {
  const { keys, materials } = emulator.store;
  const key = keys.committed(keyId);
  if (key === undefined) return;
  const present = materialsOf(emulator, key);
  const next = nextMaterial(emulator, key, present.length);
  if (next === undefined) return;
  for (const material of present) {
    if (material.state === 'CURRENT') materials.put({ ...material, state: 'NON_CURRENT' });
  }
  materials.put({ ...next, state: 'CURRENT', rotatedAt: at, rotationType: type });
  const { materialId, wrappedKey } = next;
  keys.change(keyId, { materialId, wrappedKey }, at);
  const serviceEventDetails = {
    rotationType: type,
    keyOrigin: key.origin,
    previousKeyMaterialId: key.materialId,
    currentKeyMaterialId: materialId,
  };
  const act = { name: 'RotateKey', keyId, at, details: { serviceEventDetails } } as const;
  emulator.trail.add(serviceEventOf(emulator.place, act));
}

function settleAutomatic(emulator: Emulator, key: KeyRecord, now: number): void {
  const { materials } = emulator.store;
  const days = key.rotationPeriodDays;
  for (;;) {
    const nextAt = materials.plan(key.keyId)?.nextAt ?? null;
    // AWS does not rotate a key that is disabled or pending deletion; it catches up later.
    if (nextAt === null || nextAt > now || days === null || key.state !== 'Enabled') return;
    materials.together(() => {
      rotate(emulator, key.keyId, 'AUTOMATIC', nextAt);
      materials.setPlan(key.keyId, { nextAt: nextAt + days * DAY_MILLISECONDS });
    });
  }
}

function settleOnDemand(emulator: Emulator, key: KeyRecord, now: number): void {
  const { materials } = emulator.store;
  const startedAt = materials.plan(key.keyId)?.startedAt ?? null;
  if (startedAt === null || startedAt + ON_DEMAND_MILLISECONDS > now) return;
  materials.together(() => {
    rotate(emulator, key.keyId, 'ON_DEMAND', startedAt + ON_DEMAND_MILLISECONDS);
    materials.setPlan(key.keyId, { startedAt: null });
  });
}

/** Completes what is due for a key: rotations and the expiry of imported material. */
export function settleMaterial(emulator: Emulator, keyId: string, now: number): void {
  const { materials, keys } = emulator.store;
  const plan = materials.plan(keyId);
  if (plan === undefined) return;
  expireImported(emulator, keyId, now);
  if (plan.nextAt === null && plan.startedAt === null) return;
  const key = keys.committed(keyId);
  if (key === undefined) return;
  settleAutomatic(emulator, key, now);
  settleOnDemand(emulator, key, now);
}

/** First instant of the next automatic rotation when the period is set to so many days now. */
export function nextRotation(
  emulator: Emulator,
  key: KeyRecord,
  days: number,
  now: number,
): number {
  const nextAt = emulator.store.materials.plan(key.keyId)?.nextAt ?? null;
  const before = key.rotationPeriodDays;
  if (nextAt === null || before === null) return now + days * DAY_MILLISECONDS;
  return Math.max(now, nextAt + (days - before) * DAY_MILLISECONDS);
}
