// SPDX-License-Identifier: Apache-2.0
// Faults F1 and F2 for the origins beside CloudHSM: whatever call a process or an execution dies at, KMS has rotated
// once, imported material is there, and nothing is left over.
import { describe, expect, it } from 'vitest';
import type { Origin } from '#core/contract/vocabulary.ts';
import { type Death, Simulation } from '#test/support/simulation.ts';
import { aWorld } from '#test/support/world.ts';

async function ready(origin: Origin, act: 'generate' | 'rotate'): Promise<Simulation> {
  const simulation = new Simulation(await aWorld({ visibilityCalls: 2 }));
  await simulation.world.admitKey({ origin });
  if (act === 'generate') return simulation;
  await simulation.runStarted();
  await simulation.world.admitRotation();
  return simulation;
}

async function callsOf(simulation: Simulation): Promise<number> {
  const before = simulation.calls;
  await simulation.runStarted();
  return simulation.calls - before;
}

const CASES = await Promise.all(
  (['AWS_KMS', 'EXTERNAL'] as const).flatMap((origin) =>
    (['generate', 'rotate'] as const).map(async (act) => ({
      origin,
      act,
      calls: await callsOf(await ready(origin, act)),
    })),
  ),
);
const DEATHS = (['process', 'execution'] as const).flatMap((of) =>
  (['before', 'after'] as const).map((phase) => ({ of, phase })),
);

async function outcomeOf(origin: Origin, act: 'generate' | 'rotate', death: Death) {
  const simulation = await ready(origin, act);
  const { world } = simulation;
  simulation.killAt(death);
  await simulation.runStarted();
  await simulation.settle();
  const { key, versions } = await world.snapshot();
  const recorded = await Promise.all(
    world.vault.inspect().map(({ keyId }) => world.store.findRecordedKey(keyId)),
  );
  return {
    lease: key.lease,
    current: versions.filter(({ state }) => state === 'active').length,
    materials: versions.flatMap(({ materialId }) => materialId ?? []),
    leaked: world.vault
      .inspect()
      .filter(({ isPendingDeletion }, index) => !isPendingDeletion && recorded[index] === null),
    state: key.state,
  };
}

describe.each(CASES)(
  'to $act a key of origin $origin, killed at any of its $calls calls',
  ({ origin, act, calls }) => {
    it.each(DEATHS)('$phase it, its $of with it', async (death) => {
      for (let call = 1; call <= calls; call += 1) {
        const outcome = await outcomeOf(origin, act, { call, ...death });
        const where = `call ${call}`;
        expect(outcome, where).toMatchObject({ lease: null, leaked: [] });
        // A generation that died before anything was made may be undone; a rotation leaves the key as usable as it was.
        if (act === 'rotate') expect(outcome, where).toMatchObject({ state: 'active', current: 1 });
        expect(new Set(outcome.materials).size, where).toBe(outcome.materials.length);
      }
    });
  },
);
