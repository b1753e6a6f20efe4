// SPDX-License-Identifier: Apache-2.0
// What every memory of replays must do, over memory and over DynamoDB.
import { beforeEach, describe, expect, it } from 'vitest';
import type { ReplayMemory } from '#core/ports/replays.ts';

const NOW = '2026-03-01T10:00:00.000Z';

export function describeReplayRows(title: string, fresh: () => Promise<ReplayMemory>): void {
  describe(title, () => {
    let rows: ReplayMemory;
    beforeEach(async () => {
      rows = await fresh();
    });

    it('takes a key once, however many ask at once', async () => {
      const asked = Array.from({ length: 10 }, () => rows.remember('one', NOW, 600));

      expect((await Promise.all(asked)).filter((isFirst) => isFirst)).toHaveLength(1);
    });

    it('refuses it ten minutes later, and takes another one', async () => {
      await rows.remember('one', NOW, 600);

      expect(await rows.remember('one', '2026-03-01T10:10:00.000Z', 600)).toBe(false);
      expect(await rows.remember('two', NOW, 600)).toBe(true);
    });
  });
}
