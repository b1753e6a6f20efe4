// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { keyStream } from '#core/operations/mutate-key.ts';
import { reviewPolicies } from '#core/operations/review-policies.ts';
import { findDueRotations } from '#core/operations/rotation-sweep.ts';
import { updateKey } from '#core/operations/update-key.ts';
import type { ClassPolicy } from '#core/policies/classes.ts';
import { begin, GENERATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, STAGE, type World } from '#test/support/world.ts';

const DAY = 86_400;
const TEST_CLASS = {
  name: 'test',
  rotationDays: 10,
  retentionDays: 7,
  quorum: { required: 2, of: 3 },
};

/** A world whose class `test` is the one given, with an active key. The clock starts at 2026-01-01, a Thursday. */
async function worldOf(policy: Partial<ClassPolicy>): Promise<World> {
  const world = await aWorld();
  world.classes = [{ ...TEST_CLASS, ...policy }];
  return withActiveKey(world);
}

const sweep = (world: World) => findDueRotations(world.deps, STAGE, 100);

async function actions(world: World): Promise<readonly string[]> {
  const { records } = await world.store.readAudit(keyStream('orders'), 0, 1000);
  return records.map((record) => record.action);
}

describe('a key whose class has windows', () => {
  let world: World;
  beforeEach(async () => {
    const windows = [{ days: ['sun' as const], from: '02:00', to: '04:00' }];
    world = await worldOf({ schedule: { timeZone: 'UTC', windows } });
  });

  it('is due in the last window before the end of its period, and rotates there', async () => {
    expect((await world.key()).nextRotationAt).toBe('2026-01-04T02:00:00.000Z');
    world.clock.advance(3 * DAY + 2 * 3600 + 60);

    expect((await sweep(world)).starts).toHaveLength(1);
  });

  it('that is made due outside them waits for the next one, once recorded', async () => {
    await makeDueNow(world);
    const [first, second] = [await sweep(world), await sweep(world)];

    expect([...first.starts, ...second.starts]).toEqual([]);
    expect((await world.key()).retryNotBefore).toBe('2026-01-04T02:00:00.000Z');
    expect((await actions(world)).filter((action) => action === 'rotation.postponed')).toHaveLength(
      1,
    );
  });

  it('rotates at once when a person asks', async () => {
    expect(await world.admitRotation()).toMatch(/^op_/);
  });
});

async function makeDueNow(world: World): Promise<void> {
  await updateKey(world.deps, {
    name: 'orders',
    nextRotationAt: world.clock.now(),
    expectedRevision: null,
    by: ALICE.id,
    decision: PERMIT,
  });
}

describe('the hourly limit of a class', () => {
  it('puts off what is too much for one hour', async () => {
    const world = await worldOf({ schedule: { timeZone: 'UTC', maxStartsPerHour: 2 } });
    for (const name of ['a', 'b']) {
      await world.admitKey({ name });
      await runSteps(world, await begin(world, name), GENERATION_STEPS);
    }
    world.clock.advance(11 * DAY);
    const now = await sweep(world);
    world.clock.advance(3600);
    const later = await sweep(world);

    expect(now.operations).toHaveLength(2);
    expect(later.operations.filter(({ attempt }) => attempt === 1)).toHaveLength(1);
  });
});

describe('notices ahead of the due date', () => {
  it('are given once per lead time, and leads that passed unnoticed are one', async () => {
    const world = await worldOf({ noticeDays: [7, 3, 1] });
    const told = async () =>
      (await world.store.readAudit(keyStream('orders'), 0, 1000)).records
        .filter((record) => record.action === 'rotation.noticed')
        .map((record) => record.detail['daysLeft']);

    world.clock.advance(3 * DAY + 60);
    await sweep(world);
    await sweep(world);
    expect(await told()).toEqual([7]);

    world.clock.advance(6 * DAY);
    await sweep(world);
    expect(await told()).toEqual([7, 1]);
    expect((await world.key()).nextNoticeAt).toBeNull();
  });
});

describe('the review of class policies', () => {
  it('gives keys of a changed class new dates, page by page, once', async () => {
    const world = await worldOf({});
    world.classes = [{ ...TEST_CLASS, rotationDays: 5 }];
    const first = await reviewPolicies(world.deps, null, 1);
    const second = await reviewPolicies(world.deps, null, 1);

    expect([first.changed, second.changed]).toEqual([1, 0]);
    expect((await world.key()).nextRotationAt).toBe('2026-01-06T00:00:00.000Z');
  });

  it('keeps a date that a person set', async () => {
    const world = await worldOf({});
    await makeDueNow(world);
    const due = (await world.key()).nextRotationAt;
    world.classes = [{ ...TEST_CLASS, rotationDays: 5 }];
    await reviewPolicies(world.deps, null, 10);

    expect((await world.key()).nextRotationAt).toBe(due);
  });
});
