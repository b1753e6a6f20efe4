// SPDX-License-Identifier: Apache-2.0
// What every counter of hourly starts must do, over memory and over DynamoDB.
import { beforeEach, describe, expect, it } from 'vitest';
import type { StartSlots } from '#core/ports/start-slots.ts';

const AT = '2026-03-01T10:59:00.000Z';

export function describeStartSlots(title: string, fresh: () => Promise<StartSlots>): void {
  describe(title, () => {
    let slots: StartSlots;
    beforeEach(async () => {
      slots = await fresh();
    });

    it('gives out as many as the limit, however many ask at once', async () => {
      const asked = Array.from({ length: 10 }, () => slots.take('test', AT, 3));

      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3);
    });

    it('begins anew with the clock hour', async () => {
      await slots.take('test', AT, 1);

      expect(await slots.take('test', AT, 1)).toBe(false);
      expect(await slots.take('test', '2026-03-01T11:00:00.000Z', 1)).toBe(true);
    });

    it('gives out several at once, or none', async () => {
      expect(await slots.take('test', AT, 5, { count: 4 })).toBe(true);
      expect(await slots.take('test', AT, 5, { count: 2 })).toBe(false);
      expect(await slots.take('test', AT, 5, { count: 1 })).toBe(true);
      expect(await slots.take('other', AT, 5, { count: 6 })).toBe(false);
    });

    it('gives who holds one the same again, and counts it once', async () => {
      const take = (holder: string, at = AT) => slots.take('test', at, 2, { holder });

      expect(await Promise.all([take('a'), take('a'), take('a')])).toEqual([true, true, true]);
      expect([await take('b'), await take('c')]).toEqual([true, false]);
      expect([await take('a'), await take('b')]).toEqual([true, true]);
      expect(await slots.take('test', AT, 2)).toBe(false);
      expect(await take('c', '2026-03-01T11:00:00.000Z')).toBe(true);
    });

    it('counts each class alone', async () => {
      await slots.take('test', AT, 1);

      expect(await slots.take('internal-data', AT, 1)).toBe(true);
    });
  });
}
