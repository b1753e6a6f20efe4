// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyturnError } from '#core/errors.ts';
import { compensateOperation } from '#core/operations/end-operation.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import { sweepOrphans } from '#core/operations/sweep-orphans.ts';
import {
  begin,
  GENERATION_STEPS,
  ROTATION_STEPS,
  rotatingBefore,
  runSteps,
  withActiveKey,
} from '#test/support/steps.ts';
import { aWorld, KEY_STORE_ID, STAGE, WAITS, type World } from '#test/support/world.ts';

const DAY = 86_400;
const FAILURE = { error: 'X', cause: 'y' };
const NOTHING = {
  starts: [],
  operations: [],
  overdue: 0,
  resumed: 0,
  searchOrphans: false,
  failed: 0,
};

describe('the sweep for due rotations', () => {
  let world: World;
  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
  });
  const sweep = () => findDueRotations(world.deps, STAGE, 100);

  it('starts nothing before a key is due', async () => {
    world.clock.advance(DAY - 1);

    expect(await sweep()).toEqual(NOTHING);
  });

  it('admits a key that is due, by the schedule, once', async () => {
    world.clock.advance(DAY);
    const [first, second] = [await sweep(), await sweep()];

    const { operation } = await world.snapshot();
    expect(first.starts).toEqual([
      {
        kind: 'rotate-key',
        executionName: operation?.batchId,
        input: {
          entry: 'prepare',
          ...WAITS,
          groups: [
            {
              items: [
                {
                  operationId: operation?.id,
                  key: 'orders',
                  fence: 2,
                  attempt: 1,
                  executionName: operation?.id,
                },
              ],
            },
          ],
        },
      },
    ]);
    expect(second.starts).toEqual([]);
    expect(operation).toMatchObject({
      trigger: 'schedule',
      requestedBy: 'schedule/rotation-sweep',
    });
  });

  it('admits a key once when many sweeps run at the same time', async () => {
    world.clock.advance(DAY);
    const found = await Promise.all(Array.from({ length: 5 }, sweep));

    expect(found.flatMap((result) => result.starts)).toHaveLength(1);
  });

  it('leaves a key that changes all the time to the next sweep, which is no failure', async () => {
    world.clock.advance(DAY);
    const commit = world.store.commit.bind(world.store);
    world.store.commit = async () => {
      throw new KeyturnError('RevisionConflict', 'somebody was faster');
    };
    expect(await sweep()).toEqual(NOTHING);

    world.store.commit = commit;
    expect((await sweep()).starts).toHaveLength(1);
  });

  it('leaves a key alone for an hour after an undone rotation', async () => {
    world.clock.advance(DAY);
    await sweep();
    await compensateOperation(world.deps, { ...(await begin(world)), failure: FAILURE });
    const [soon] = [await sweep()];
    world.clock.advance(3600);

    expect(soon.starts).toEqual([]);
    expect((await sweep()).starts).toHaveLength(1);
  });

  it('starts an execution again whose start was lost, when the lease has run out', async () => {
    world.clock.advance(DAY);
    const [lost] = (await sweep()).operations;
    world.clock.advance(900);
    const { operations, resumed } = await sweep();

    expect(operations).toEqual([{ ...lost, attempt: 2 }]);
    expect(resumed).toBe(1);
    await runSteps(world, await begin(world), ROTATION_STEPS);
    expect(await world.key()).toMatchObject({ currentVersion: 2, latestVersion: 2 });
  });

  it('takes up a lost generation as a generation', async () => {
    const fresh = await aWorld();
    await fresh.admitKey();
    fresh.clock.advance(900);
    const { starts } = await findDueRotations(fresh.deps, STAGE, 100);

    const input = { operationId: expect.stringMatching(/^op_/), attempt: 2 };
    expect(starts).toEqual([{ kind: 'generate-key', executionName: expect.any(String), input }]);
  });

  it('counts as overdue only what a day of sweeps has passed by', async () => {
    world.clock.advance(DAY + DAY);
    expect((await sweep()).overdue).toBe(0);
    await compensateOperation(world.deps, { ...(await begin(world)), failure: FAILURE });
    world.clock.advance(DAY + DAY);

    expect((await sweep()).overdue).toBe(1);
  });

  it('admits at most as many as it is told, the longest overdue first', async () => {
    for (const name of ['b', 'a']) {
      world.clock.advance(60);
      await world.admitKey({ name });
      await runSteps(world, await begin(world, name), GENERATION_STEPS);
    }
    world.clock.advance(2 * DAY);
    const { starts, operations } = await findDueRotations(world.deps, STAGE, 2);

    expect(operations).toHaveLength(2);
    expect(starts).toHaveLength(1);
    expect((await world.key('orders')).lease).not.toBeNull();
    expect((await world.key('b')).lease).not.toBeNull();
    expect((await world.key('a')).lease).toBeNull();
  });

  it('goes on with the other keys when one cannot be admitted', async () => {
    world.clock.advance(60);
    await world.admitKey({ name: 'payments' });
    await runSteps(world, await begin(world, 'payments'), GENERATION_STEPS);
    world.clock.advance(DAY);
    const readKey = world.store.readKey.bind(world.store);
    world.store.readKey = async (name) => {
      if (name === 'orders') throw new Error('the item cannot be read');
      return readKey(name);
    };
    const { starts, failed } = await sweep();

    expect(failed).toBe(1);
    expect(starts).toHaveLength(1);
    expect((await world.key('payments')).lease).not.toBeNull();
  });

  it('fails when nothing could be admitted, so that the failure is seen', async () => {
    world.clock.advance(DAY);
    world.store.readKey = async () => {
      throw new Error('the table does not answer');
    };

    await expect(sweep()).rejects.toThrow('the table does not answer');
  });

  it('ignores what the index nominates when the record says otherwise', async () => {
    const due = world.store.listDue.bind(world.store);
    world.store.listDue = async (_before, limit) => due('2030-01-01T00:00:00.000Z', limit);

    expect((await sweep()).starts).toEqual([]);
    expect((await world.key()).lease).toBeNull();
  });
});

describe('the sweep for orphans', () => {
  const GRACE = 600;
  const provenance = (operationId: string, patch = {}) => ({
    stage: STAGE,
    name: 'orders',
    version: 2,
    operationId,
    ...patch,
  });
  const sweep = (world: World) => sweepOrphans(world.deps, STAGE, null, GRACE);
  const none = { recorded: 0, young: 0, adoptable: 0, foreign: 0, orphan: 0 };

  it('leaves recorded and marked keys out of sight', async () => {
    const world = await withActiveKey(await aWorld());
    world.clock.advance(3600);

    expect((await sweep(world)).verdicts).toEqual(none);
  });

  it('leaves a recorded key that was not marked', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'CreateVersion');
    world.onCall = ({ method }) => {
      if (method === 'markRecorded') throw new Error('the process ended');
    };
    await runSteps(world, input, ROTATION_STEPS, 'VerifyVersion').catch(() => {});
    world.onCall = () => {};
    world.clock.advance(3600);

    expect((await sweep(world)).verdicts).toEqual({ ...none, recorded: 1 });
    expect(world.vault.inspect().some((key) => key.isPendingDeletion)).toBe(false);
  });

  it('leaves a key that is younger than the grace', async () => {
    const world = await aWorld();
    const { operationId } = await rotatingBefore(world, 'VerifyVersion');
    await world.vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: KEY_STORE_ID },
      provenance(operationId),
    );
    world.clock.advance(GRACE - 1);

    expect((await sweep(world)).verdicts).toEqual({ ...none, young: 1 });
  });

  it('leaves a key that the open operation may still adopt', async () => {
    const world = await aWorld();
    const { operationId } = await rotatingBefore(world, 'CreateVersion');
    await world.vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: KEY_STORE_ID },
      provenance(operationId),
    );
    world.clock.advance(GRACE);

    expect((await sweep(world)).verdicts).toEqual({ ...none, adoptable: 1 });
  });

  it('[INV-02] a key whose operation nobody knows is never removed: the table may have lost rows', async () => {
    const world = await withActiveKey(await aWorld());
    await world.vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: KEY_STORE_ID },
      provenance('op_unknown'),
    );
    world.clock.advance(GRACE);

    expect((await sweep(world)).verdicts).toEqual({ ...none, foreign: 1 });
    expect(world.vault.inspect().some((key) => key.isPendingDeletion)).toBe(false);
  });

  it('leaves a key that names the operation of another key', async () => {
    const world = await aWorld();
    const { operationId } = await rotatingBefore(world, 'VerifyVersion');
    await world.vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: KEY_STORE_ID },
      provenance(operationId, { name: 'payments' }),
    );
    world.clock.advance(GRACE);

    expect((await sweep(world)).verdicts).toEqual({ ...none, foreign: 1 });
  });

  it.each(['VerifyVersion', 'none'])(
    'schedules the deletion of a second key once the operation recorded another (before %s)',
    async (step) => {
      const world = await aWorld();
      const { operationId } = await rotatingBefore(world, step);
      const { keyId } = await world.vault.createKey(
        { origin: 'AWS_CLOUDHSM', keyStoreId: KEY_STORE_ID },
        provenance(operationId),
      );
      world.clock.advance(GRACE);

      expect((await sweep(world)).verdicts).toEqual({ ...none, orphan: 1 });
      const removed = world.vault.inspect().filter((key) => key.isPendingDeletion);
      expect(removed.map((key) => key.keyId)).toEqual([keyId]);
      expect((await world.actions()).at(-1)).toBe('orphan.deletion-intended');
      expect((await sweep(world)).verdicts).toEqual(none);
    },
  );

  it('schedules the deletion of what an undone operation left', async () => {
    const world = await aWorld();
    const input = await rotatingBefore(world, 'CreateVersion');
    await world.vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: KEY_STORE_ID },
      provenance(input.operationId),
    );
    await compensateOperation(world.deps, { ...input, failure: FAILURE });
    world.clock.advance(GRACE);

    expect((await sweep(world)).verdicts).toEqual({ ...none, orphan: 1 });
    expect(world.vault.inspect().map((key) => key.isPendingDeletion)).toEqual([false, true]);
  });
});
