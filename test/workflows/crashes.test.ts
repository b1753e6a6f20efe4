// SPDX-License-Identifier: Apache-2.0
// Faults F1 and F2 at every call of every step: a function's process dies before or after the effect of any call to
// table or vault, or the whole execution is lost with it. In the end there is one new version, and nothing leaks.
import { describe, expect, it } from 'vitest';
import { verifyChain } from '#core/audit/chain.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import { type Death, Simulation } from '#test/support/simulation.ts';
import { aWorld, type World } from '#test/support/world.ts';

/** A simulation with an active `orders`, and a rotation admitted that has not begun. */
async function readyToRotate(visibilityCalls = 0): Promise<Simulation> {
  const simulation = new Simulation(await aWorld({ visibilityCalls }));
  await simulation.world.admitKey();
  await simulation.runStarted();
  await simulation.world.admitRotation();
  return simulation;
}

/** Port calls of an undisturbed run. */
async function callsOf(simulation: Simulation): Promise<number> {
  const before = simulation.calls;
  await simulation.runStarted();
  return simulation.calls - before;
}

async function readyToGenerate(): Promise<Simulation> {
  const simulation = new Simulation(await aWorld());
  await simulation.world.admitKey();
  return simulation;
}

async function expectOneNewVersion(world: World): Promise<void> {
  const { key, versions } = await world.snapshot();
  expect(key).toMatchObject({ state: 'active', lease: null });
  const current = versions.find((version) => version.version === key.currentVersion);
  expect(current).toMatchObject({ state: 'active', keyId: key.currentKeyId });
  expect(await world.vault.aliasTarget(key.alias)).toBe(key.currentKeyId);
  expect(versions.filter((version) => version.state === 'active')).toHaveLength(1);
  expect(versions.map((version) => version.state)).toEqual(['deactivated', 'active']);
}

/** Every vault key is a recorded version's, or its deletion is scheduled. */
async function expectNothingLeaked(world: World): Promise<void> {
  for (const key of world.vault.inspect()) {
    const recorded = await world.store.findRecordedKey(key.keyId);
    expect(key.isPendingDeletion, `${key.keyId} recorded: ${recorded !== null}`).toBe(
      recorded === null,
    );
    expect(key.isRecorded).toBe(recorded !== null);
  }
  const { records, head } = await world.store.readAudit(keyStream('orders'), 0, 10_000);
  expect(verifyChain(keyStream('orders'), records, head)).toBeNull();
}

/** Rotates with a death in it and lets the sweeps put it right; they stay below the day after which a key is due. */
async function rotateUnder(death: Death, visibilityCalls = 0): Promise<Simulation> {
  const simulation = await readyToRotate(visibilityCalls);
  simulation.killAt(death);
  await simulation.runStarted();
  await simulation.settle();
  return simulation;
}

const CALLS = await callsOf(await readyToRotate());
const GENERATION_CALLS = await callsOf(await readyToGenerate());
const DEATHS = (['process', 'execution'] as const).flatMap((of) =>
  (['before', 'after'] as const).map((phase) => ({ of, phase })),
);

describe('a rotation', () => {
  it('makes calls enough for the matrix to mean something', () => {
    expect(CALLS).toBeGreaterThan(60);
  });

  it.each(DEATHS)(
    'ends with one new version wherever the $of dies, $phase the effect of a call',
    async ({ of, phase }) => {
      for (let call = 1; call <= CALLS; call += 1) {
        const { world, log, hasDied } = await rotateUnder({ call, phase, of });
        const at = `call ${call}: ${log[call - 1]}`;

        expect(hasDied, at).toBe(true);
        await expect(expectOneNewVersion(world), at).resolves.toBeUndefined();
        await expect(expectNothingLeaked(world), at).resolves.toBeUndefined();
      }
    },
  );

  it('ends with one new version also while KMS shows changes late: what could not be adopted is removed', async () => {
    let removed = 0;
    for (let call = 1; call <= CALLS; call += 1) {
      const { world } = await rotateUnder({ call, phase: 'after', of: 'process' }, 4);

      const { key, versions } = await world.snapshot();
      expect(key).toMatchObject({ state: 'active', lease: null });
      expect(versions.filter((version) => version.state === 'active')).toHaveLength(1);
      await expectNothingLeaked(world);
      removed += world.vault.inspect().filter((stored) => stored.isPendingDeletion).length;
    }
    expect(removed).toBeGreaterThan(0);
  });
});

describe('a generation', () => {
  it.each(DEATHS)(
    'ends with one active version wherever the $of dies, $phase the effect of a call',
    async ({ of, phase }) => {
      for (let call = 1; call <= GENERATION_CALLS; call += 1) {
        const simulation = await readyToGenerate();
        simulation.killAt({ call, phase, of });
        await simulation.runStarted();
        await simulation.settle();

        const { key, versions } = await simulation.world.snapshot();
        expect(simulation.hasDied).toBe(true);
        expect(key, `call ${call}`).toMatchObject({
          state: 'active',
          currentVersion: 1,
          lease: null,
        });
        expect(versions).toHaveLength(1);
        await expectNothingLeaked(simulation.world);
      }
    },
  );
});
