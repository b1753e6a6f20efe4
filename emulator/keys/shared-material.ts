// SPDX-License-Identifier: Apache-2.0
// Replicas follow their primary: whoever finds a replica first settles the primary and takes over its materials
// and rotation. Imported material is not taken over: it has to be imported into each replica.
import type { Emulator } from '../settings.ts';
import type { MaterialRecord, RotationPlan } from '../store/key-materials.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { expireImported, refreshImported } from './imported-material.ts';
import { settleMaterial } from './material-rotation.ts';
import { isMultiRegion, isPrimary, replicasOf } from './multi-region.ts';

function samePlan(left: RotationPlan | undefined, right: RotationPlan | undefined): boolean {
  return (
    left?.nextAt === right?.nextAt &&
    left?.startedAt === right?.startedAt &&
    left?.onDemandCount === right?.onDemandCount
  );
}

const identityOf = ({ materialId, sequence, state, rotatedAt }: MaterialRecord) =>
  `${sequence}/${materialId}/${state}/${rotatedAt}`;

function sameMaterials(left: readonly MaterialRecord[], right: readonly MaterialRecord[]): boolean {
  return left.map(identityOf).join() === right.map(identityOf).join();
}

function takeOver(emulator: Emulator, primary: Emulator, source: KeyRecord, now: number): void {
  const { keys, materials } = emulator.store;
  const { keyId, rotationPeriodDays } = source;
  const isImported = source.origin === 'EXTERNAL';
  const wanted = primary.store.materials.ofKey(keyId);
  const present = new Map(materials.ofKey(keyId).map((item) => [item.materialId, item]));
  materials.together(() => {
    for (const { materialId } of present.values()) materials.remove(keyId, materialId);
    for (const item of wanted) {
      const { wrappedKey = null, validTo = null } = present.get(item.materialId) ?? {};
      materials.put(isImported ? { ...item, wrappedKey, validTo } : item);
    }
    const { nextAt, onDemandCount, startedAt } = primary.store.materials.plan(keyId) ?? {};
    materials.setPlan(keyId, {
      nextAt: nextAt ?? null,
      onDemandCount: onDemandCount ?? 0,
      startedAt: startedAt ?? null,
    });
    const { materialId, wrappedKey } = source;
    const change = isImported ? {} : { materialId, wrappedKey };
    keys.change(keyId, { ...change, rotationPeriodDays }, now);
    if (isImported) refreshImported(emulator, keyId, now);
  });
}

function follow(emulator: Emulator, keyId: string, now: number): void {
  const { keys, materials, multiRegion } = emulator.store;
  const primary = emulator.regions.of(multiRegion.find(keyId)?.primaryRegion ?? '');
  if (primary === undefined) return;
  settleMaterial(primary, keyId, now);
  const source = primary.store.keys.committed(keyId);
  const own = keys.committed(keyId);
  if (source === undefined || own === undefined) return;
  const isInStep =
    own.rotationPeriodDays === source.rotationPeriodDays &&
    (own.origin === 'EXTERNAL' || own.materialId === source.materialId) &&
    samePlan(materials.plan(keyId), primary.store.materials.plan(keyId)) &&
    sameMaterials(materials.ofKey(keyId), primary.store.materials.ofKey(keyId));
  if (!isInStep) takeOver(emulator, primary, source, now);
}

/** Whether imported material waits for its import into replicas before it can be rotated to. */
export function awaitsReplicas(emulator: Emulator, { keyId, materialId }: MaterialRecord): boolean {
  if (!isMultiRegion(keyId)) return false;
  return replicasOf(emulator, keyId).some(({ emulator: { store } }) => {
    const there = store.materials.ofKey(keyId).find((item) => item.materialId === materialId);
    return (there?.wrappedKey ?? null) === null;
  });
}

/** Completes what is due for a key, of one Region or of several. */
export function settleKey(emulator: Emulator, keyId: string, now: number): void {
  if (!isMultiRegion(keyId) || isPrimary(emulator, keyId)) {
    settleMaterial(emulator, keyId, now);
    return;
  }
  follow(emulator, keyId, now);
  expireImported(emulator, keyId, now);
}
