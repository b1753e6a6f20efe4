// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import { placeHold } from '#core/operations/place-hold.ts';
import { reviewPolicies } from '#core/operations/review-policies.ts';
import { reviewRetirements } from '#core/operations/review-retirements.ts';
import { admit, register, runToEnd, write } from '#test/support/reencryption.ts';
import { begin, ROTATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, PERMIT, type World } from '#test/support/world.ts';

const DAY = 86_400;
let world: World;
let asked: number;
let lastUsedAt: string;

const deps = () => ({
  ...world.deps,
  classes: world.classes.map((one) => ({ ...one, retirement: { quietDays: 30 } })),
  lastUses: {
    lastUse: async () => {
      asked += 1;
      return { at: lastUsedAt, operation: 'Decrypt', trackedSince: null };
    },
  },
  uses: new MemoryKeyUseLog(),
});
const review = () => reviewRetirements(deps(), ['orders', 'gone']);
const substate = async () => (await world.version(1)).substate;

beforeEach(async () => {
  world = await withActiveKey(await aWorld());
  asked = 0;
  lastUsedAt = world.clock.now();
  await register(world);
  await write(world, ['a', 'b']);
});
const rotated = async () => {
  await world.admitRotation();
  await runSteps(world, await begin(world), ROTATION_STEPS);
  world.clock.advance(1);
};

describe('the daily look at replaced versions', () => {
  it('is told of the keys that have some', async () => {
    expect((await reviewPolicies(world.deps, null, 10)).replaced).toEqual([]);
    await rotated();
    expect((await reviewPolicies(world.deps, null, 10)).replaced).toEqual(['orders']);
  });

  it('asks KMS nothing while the records keep the version', async () => {
    await rotated();

    expect(await review()).toEqual({ judged: 0, ready: 0 });
    expect(asked).toBe(0);
  });

  it('marks the version on the day on which nothing keeps it any more, with evidence', async () => {
    await rotated();
    await runToEnd(world, await admit(world));

    expect(await review()).toEqual({ judged: 1, ready: 0 });
    expect(await substate()).toBeNull();
    world.clock.advance(31 * DAY);
    expect(await review()).toEqual({ judged: 1, ready: 1 });

    expect(await substate()).toBe('ready-to-destroy');
    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.at(-1)).toMatchObject({
      action: 'version.ready-to-destroy',
      actor: 'schedule/retirement-review',
    });
    const { evidence } = { evidence: (await world.version(1)).retirement };
    expect(evidence?.digest).toMatch(/^[0-9a-f]{64}$/);
    // The next day changes nothing.
    expect(await review()).toEqual({ judged: 1, ready: 1 });
    expect((await world.store.readAudit('key/orders', 0, 1000)).records).toHaveLength(
      records.length,
    );
  });

  it('takes a mark back that does not hold any more', async () => {
    await rotated();
    await runToEnd(world, await admit(world));
    world.clock.advance(31 * DAY);
    await review();
    expect(await substate()).toBe('ready-to-destroy');
    lastUsedAt = world.clock.now();

    expect(await review()).toEqual({ judged: 1, ready: 0 });
    expect(await substate()).toBeNull();
  });

  it('marks nothing that a hold keeps', async () => {
    await rotated();
    await runToEnd(world, await admit(world));
    world.clock.advance(31 * DAY);
    await placeHold(world.deps, {
      key: 'orders',
      name: 'lawsuit',
      by: ALICE.id,
      decision: PERMIT,
      reason: 'case 7',
      until: null,
    });

    expect(await review()).toEqual({ judged: 0, ready: 0 });
  });
});
