// SPDX-License-Identifier: Apache-2.0
// What every ledger must find by its indexes, beside what `ledger.contract.ts` holds.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '#core/ports/ledger.ts';
import { aChange, aCreation, aKey } from '#test/support/records.ts';

export function describeLedgerLists(title: string, fresh: () => Promise<Ledger>): void {
  describe(`${title}: lists`, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ledger = await fresh();
    });

    it('lists keys of one owner, in pages', async () => {
      for (const [name, owner] of [
        ['a', 'olga'],
        ['b', 'payments'],
        ['c', 'olga'],
        ['d', 'olga'],
      ] as const)
        await ledger.commit(aCreation(aKey({ name, owner })));
      const first = await ledger.listKeysOf('olga', null, 2);
      const rest = await ledger.listKeysOf('olga', first.nextCursor, 2);

      expect(first.items.map((key) => key.name)).toEqual(['a', 'c']);
      expect(rest.items.map((key) => key.name)).toEqual(['d']);
      expect(rest.nextCursor).toBeNull();
    });

    it('lists what comes due in a span, and goes on behind an entry', async () => {
      const due = (day: number) => `2026-03-0${day}T00:00:00.000Z`;
      for (const [name, day] of [
        ['a', 3],
        ['b', 1],
        ['c', 1],
        ['d', 2],
      ] as const)
        await ledger.commit(aCreation(aKey({ name, nextRotationAt: due(day) })));
      const names = async (from: string, limit: number) =>
        (await ledger.listDueBetween(from, due(3), limit)).map((item) => item.name);

      expect(await names(due(1), 2)).toEqual(['b', 'c']);
      expect(await names(`${due(1)}#b`, 10)).toEqual(['c', 'd']);
      expect(await names(due(2), 10)).toEqual(['d']);
    });

    it('counts keys and versions of a key store by class, with the change that makes them', async () => {
      const counted = (name: string, keys: number, versions: number) => ({
        occupancy: { keyStore: 'main', class: name, keys, versions },
      });
      const [a, b] = [aCreation(aKey({ name: 'a' }), counted('test', 1, 1)), aKey({ name: 'b' })];
      await ledger.commit(a);
      await ledger.commit(aCreation(b, counted('test', 1, 1)));
      await ledger.commit(aChange(a.key, {}, counted('test', 0, 1)));
      await ledger.commit(aCreation(aKey({ name: 'c' }), counted('internal-data', 1, 2)));
      // Who loses the race counts nothing.
      await expect(ledger.commit(aChange(a.key, {}, counted('test', 0, 1)))).rejects.toMatchObject({
        name: 'RevisionConflict',
      });

      expect(await ledger.readOccupancy('main')).toEqual([
        { class: 'internal-data', keys: 1, versions: 2 },
        { class: 'test', keys: 2, versions: 3 },
      ]);
      expect(await ledger.readOccupancy('other')).toEqual([]);
    });
  });
}
