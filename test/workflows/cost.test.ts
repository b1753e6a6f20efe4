// SPDX-License-Identifier: Apache-2.0
// What one rotation costs, counted over the real workflow file and use cases: without faults the counts are exact, and
// a change that makes rotations dearer has to change the numbers here. `npm run bench -- --only rotation-cost` counts
// the same on the local stack and turns it into dollars.
import { describe, expect, it } from 'vitest';
import { Batches, GROUP_SIZE } from '#core/operations/batches.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import { allStates, readWorkflow } from '#test/support/asl.ts';
import { anAuditEntry } from '#test/support/records.ts';
import { Simulation } from '#test/support/simulation.ts';
import { begin, GENERATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { aWorld, type World } from '#test/support/world.ts';

const KEYS = 2 * GROUP_SIZE;

type Machine = 'rotate-key' | 'rotate-data-key';

/** Keys of the kms tier, due in a month. */
async function keysOfKms(): Promise<World> {
  const world = await aWorld();
  for (let key = 0; key < KEYS; key += 1) {
    const name = `key-${key}`;
    await world.admitKey({ name });
    await runSteps(world, await begin(world, name), GENERATION_STEPS);
  }
  return world;
}

/** Keys of the data tier, due before their parent is. */
async function keysOfData(): Promise<World> {
  const world = await withActiveKey(await aWorld());
  for (let key = 0; key < KEYS; key += 1)
    await world.admitKey({ name: `key-${key}`, tier: 'data', parent: 'orders' });
  await new Simulation(world).runStarted();
  await mutateKey(world.store, 'orders', () => ({
    draft: { key: { nextRotationAt: null }, audit: anAuditEntry({ action: 'key.due-set' }) },
    result: undefined,
  }));
  return world;
}

/** Counts of a batch of rotations that the sweep starts. */
async function countBatch(world: World, machine: Machine) {
  /** States of the machine itself; what is inside its maps runs in children. */
  const STATES = Object.keys(readWorkflow(machine).States);
  const STEPS = allStates(readWorkflow(machine)).map(([name]) => name);
  world.clock.advance(30 * 86_400);
  const simulation = new Simulation(world);
  const calls: Record<string, number> = {};
  const functions = new Set<unknown>();
  simulation.interrupt = ({ phase, method, task, payload }) => {
    // The sweep's own calls are not a rotation's.
    if (phase !== 'before' || !STEPS.includes(task)) return;
    functions.add(payload);
    calls[method] = (calls[method] ?? 0) + 1;
  };
  await simulation.sweep();
  const rotation = simulation.executions.find(({ workflow }) => workflow === machine);
  const path = rotation?.path ?? [];
  const perKey = Object.entries(calls).map(([method, count]) => [method, count / KEYS]);
  return {
    done: (
      await Promise.all(Array.from({ length: KEYS }, (_, key) => world.key(`key-${key}`)))
    ).filter(({ currentVersion }) => currentVersion === 2).length,
    transitions: path.filter((state) => STATES.includes(state)).length,
    children: path.filter((state) => state.endsWith('Each')).length,
    functions: functions.size / KEYS,
    perKey: Object.fromEntries(perKey.sort()),
  };
}

describe('a rotation in a batch of two groups', () => {
  it('costs so many transitions, children, functions and calls, and no more', async () => {
    const counted = await countBatch(await keysOfKms(), 'rotate-key');

    expect(counted.done).toBe(KEYS);
    expect(counted.transitions).toBe(6);
    expect(counted.children).toBe(6);
    expect(counted.functions).toBe(11);
    expect(counted.perKey).toEqual({
      aliasTarget: 3,
      applyPolicy: 2,
      commit: 13,
      createAlias: 1,
      createKey: 1,
      decrypt: 7,
      encrypt: 4,
      hasPolicy: 2,
      markRecorded: 1,
      moveAlias: 1,
      readKey: 26,
      readKeyStore: 1,
      readOperation: 2,
    });
  });

  it('of the data tier costs one function and one call of KMS a key', async () => {
    const counted = await countBatch(await keysOfData(), 'rotate-data-key');

    expect(counted).toEqual({
      done: KEYS,
      // One Map; each group of ten is a child.
      transitions: 1,
      children: 2,
      functions: 1,
      perKey: {
        commit: 1,
        makeWrapped: 1,
        readKey: 2,
        readKeyRecord: 1,
        readKeyStore: 1,
        readOperation: 1,
      },
    });
  });

  it('of a hundred takes no more than ten children a segment', () => {
    const batches = new Batches(() => 'bat_1');
    for (let number = 0; number < 100; number += 1) {
      const item = {
        operationId: `op_${number}`,
        key: 'k',
        fence: 1,
        attempt: 1,
        executionName: 'x',
      };
      batches.add({ entry: 'prepare', settleSeconds: 0, bakeSeconds: 0, item });
    }

    expect(batches.starts()[0]?.input['groups']).toHaveLength(10);
  });
});
