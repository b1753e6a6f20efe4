// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Step } from '#core/contract/vocabulary.ts';
import {
  Batches,
  batchItem,
  batchOfOne,
  type Entry,
  entryOf,
  type Placed,
} from '#core/operations/batches.ts';
import { anOperation } from '#test/support/records.ts';

const WAITS = { settleSeconds: 60, bakeSeconds: 120 };
const NOW = '2026-01-01T00:01:30.000Z';
const at = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1000).toISOString();

const placed = (number: number, entry: Entry = 'prepare', waits = WAITS): Placed => ({
  entry,
  ...waits,
  item: batchItem({ id: `op_${number}`, key: `key-${number}`, attempt: 1 }, 1),
});

describe('where an operation goes on', () => {
  const reached = (...steps: [Step, number][]) =>
    entryOf(
      { tier: 'kms' },
      anOperation({ timeline: steps.map(([step, ago]) => ({ step, at: at(ago) })) }),
      WAITS,
      NOW,
    );

  it('is the beginning while the preparation is not complete', () => {
    expect(reached(['NameVersion', 5])).toEqual({ entry: 'prepare', ...WAITS });
  });

  it('is the one step for a key of tier data, which waits for nothing', () => {
    expect(entryOf({ tier: 'data' }, anOperation(), WAITS, NOW)).toEqual({
      entry: 'data',
      settleSeconds: 0,
      bakeSeconds: 0,
    });
  });

  it('is the switch behind it, after what is left of the wait', () => {
    expect(reached(['OpenPolicy', 45])).toEqual({ ...WAITS, entry: 'switch', settleSeconds: 15 });
    expect(reached(['OpenPolicy', 3600])).toMatchObject({ entry: 'switch', settleSeconds: 0 });
  });

  it('is the beginning again once the policy was closed', () => {
    expect(reached(['OpenPolicy', 45], ['ClosePolicy', 40])).toMatchObject({ entry: 'prepare' });
    expect(reached(['OpenPolicy', 45], ['ClosePolicy', 40], ['OpenPolicy', 30])).toMatchObject({
      entry: 'switch',
      settleSeconds: 30,
    });
  });

  it('is the end behind the switch, after what is left of the bake time', () => {
    expect(reached(['OpenPolicy', 100], ['SwitchAlias', 20])).toEqual({
      entry: 'finish',
      settleSeconds: 0,
      bakeSeconds: 100,
    });
  });

  it('never waits longer than it is told, however clocks differ', () => {
    expect(reached(['OpenPolicy', -900])).toMatchObject({ settleSeconds: 60 });
  });
});

describe('batches', () => {
  const counting = () => {
    let count = 0;
    return new Batches(() => {
      count += 1;
      return `bat_${count}`;
    });
  };

  it('hold operations of one entry, in groups, with the longest of their waits', () => {
    const batches = counting();
    const id = batches.idFor('prepare');
    for (let number = 0; number < 12; number += 1) batches.add(placed(number));
    batches.add(placed(98, 'finish', { settleSeconds: 0, bakeSeconds: 7 }));
    batches.add(placed(99, 'finish', { settleSeconds: 0, bakeSeconds: 9 }));

    const starts = batches.starts();
    expect(starts.map(({ executionName }) => executionName)).toEqual([id, 'bat_2']);
    expect(starts[0]?.input).toMatchObject({ entry: 'prepare', ...WAITS });
    const groups = starts[0]?.input['groups'] as { items: unknown[] }[];
    expect(groups.map(({ items }) => items.length)).toEqual([10, 2]);
    expect(starts[1]?.input).toMatchObject({ entry: 'finish', bakeSeconds: 9 });
  });

  it('hold a hundred at most, and each operation is in the one whose id it was given', () => {
    const batches = counting();
    const given = Array.from({ length: 250 }, (_, number) => {
      const id = batches.idFor('prepare');
      batches.add(placed(number));
      return id;
    });

    const sizes = batches.starts().map(({ executionName, input }) => {
      const items = (input['groups'] as { items: { operationId: string }[] }[]).flatMap(
        (group) => group.items,
      );
      for (const { operationId } of items)
        expect(given[Number(operationId.slice(3))]).toBe(executionName);
      return items.length;
    });
    expect(sizes).toEqual([100, 100, 50]);
  });

  it('that nothing joined are not started', () => {
    const batches = counting();
    batches.idFor('switch');

    expect(batches.starts()).toEqual([]);
  });

  it('of a hundred fit into the input of an execution', () => {
    const batches = counting();
    for (let number = 0; number < 100; number += 1) {
      const id = `op_${String(number).padStart(26, '0')}`;
      const item = batchItem({ id, key: 'k'.repeat(63), attempt: 99 }, 99);
      batches.add({ ...placed(number), item });
    }

    const bytes = JSON.stringify(batches.starts()[0]?.input).length;
    expect(bytes).toBeLessThan(262_144 / 10);
  });

  it('of one carry the one', () => {
    expect(batchOfOne(placed(7))).toEqual({
      entry: 'prepare',
      ...WAITS,
      groups: [{ items: [placed(7).item] }],
    });
  });
});
