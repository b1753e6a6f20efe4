// SPDX-License-Identifier: Apache-2.0
// What every place for buckets must do, alone and under the budget that uses it. It runs over memory (unit) and over
// DynamoDB (integration).
import { describe, expect, it } from 'vitest';
import { systemClock } from '#adapters/system/system.ts';
import { systemTimer } from '#adapters/system/timer.ts';
import { isError } from '#core/errors.ts';
import { LeasedRateBudget } from '#core/limits/leased-budget.ts';
import type { BucketRows, BudgetRequest } from '#core/ports/rate-budget.ts';

const UNUSED = { routineUntil: 0, priorityUntil: 0 };
const CREATE: BudgetRequest = { call: 'CreateKey' };

/** A caller that lost too many races is told to come back, and does: so does the Retry of every workflow. */
async function comingBack(acquire: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await acquire();
    } catch (error) {
      if (!isError(error, 'Throttled')) throw error;
    }
  }
}

/**
 * Declares the suite.
 * @param fresh makes a place without buckets, before each test
 */
export function describeRateBudget(title: string, fresh: () => Promise<BucketRows>): void {
  describe(`buckets in ${title}`, () => {
    it('are at zero before anybody used them', async () => {
      expect(await (await fresh()).read('CreateKey')).toEqual(UNUSED);
    });

    it('are replaced when they are what was seen, fractions of a millisecond included', async () => {
      const rows = await fresh();
      const next = { routineUntil: 1_767_225_600_400.25, priorityUntil: 0 };

      expect(await rows.replace('CreateKey', UNUSED, next)).toBeNull();
      expect(await rows.read('CreateKey')).toEqual(next);
      expect(await rows.replace('CreateKey', next, { ...next, priorityUntil: 3 })).toBeNull();
    });

    it('are left and shown when somebody was faster', async () => {
      const rows = await fresh();
      const faster = { routineUntil: 1, priorityUntil: 2 };
      await rows.replace('CreateKey', UNUSED, faster);

      expect(await rows.replace('CreateKey', UNUSED, { ...faster, routineUntil: 9 })).toEqual(
        faster,
      );
      expect(await rows.read('CreateKey')).toEqual(faster);
    });

    it('lie apart by name', async () => {
      const rows = await fresh();
      await rows.replace('CreateKey', UNUSED, { routineUntil: 1, priorityUntil: 0 });

      expect(await rows.read('UpdateAlias')).toEqual(UNUSED);
    });

    it('let exactly one of many replace the same state', async () => {
      const rows = await fresh();
      const racers = Array.from({ length: 16 }, (_, racer) =>
        rows.replace('CreateKey', UNUSED, { routineUntil: racer + 1, priorityUntil: 0 }),
      );
      const outcomes = await Promise.all(racers);

      expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
    });
  });

  describe(`the rate budget over ${title}`, () => {
    it('is shared by processes: many writers together keep to the share', async () => {
      const rows = await fresh();
      let calls = 0;
      const writer = async () => {
        const budget = new LeasedRateBudget(
          { rows, clock: systemClock, timer: systemTimer },
          // 20 a second are Keyturn's.
          { share: 0.5, quotas: { CreateKey: 40 }, patienceMilliseconds: 60_000 },
        );
        for (let call = 0; call < 5; call += 1) {
          await comingBack(() => budget.acquire(CREATE));
          calls += 1;
        }
      };
      const start = Date.now();
      await Promise.all(Array.from({ length: 6 }, writer));

      expect(calls).toBe(30);
      expect(Date.now() - start).toBeGreaterThanOrEqual(29 * 50 - 1);
    });
  });
}
