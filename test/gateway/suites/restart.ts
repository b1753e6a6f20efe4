// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { until } from '#scripts/local/waiting.ts';
import { Fixture } from '../fixture.ts';
import { arrivalOf, putIn } from '../stream.ts';
import { atInTokyo, schedule } from './schedules.ts';

export function restart(fixture: () => Fixture, replace: (next: Fixture) => void): void {
  describe('a restart', () => {
    it('keeps everything, takes seconds, and does not fire an at() again', async () => {
      const fired = async (runs: () => Promise<unknown[]>) => (await runs()).length > 0;
      const what = 'the schedule to fire';
      const before = await schedule(fixture(), atInTokyo(0));
      await until(() => fired(before.runs), { timeoutSeconds: 10, what });
      const { outputs } = fixture().stack.info;

      expect(await fixture().stack.stop()).toBe(true);
      const began = performance.now();
      replace(await Fixture.start());

      expect(performance.now() - began).toBeLessThan(10_000);
      expect(fixture().stack.info.outputs).toEqual(outputs);
      // Both would be due in the same sweep, so once this one has fired, the other has had its chance.
      const after = await schedule(fixture(), atInTokyo(0));
      await until(() => fired(after.runs), { timeoutSeconds: 10, what });
      expect(await before.runs()).toHaveLength(1);
    }, 60_000);

    it('loses no change of a stream', async () => {
      const id = crypto.randomUUID();

      await putIn(fixture(), id);

      expect(await arrivalOf(fixture(), id)).toBe(true);
    });
  });
}
