// SPDX-License-Identifier: Apache-2.0
// What every ledger must find by its indexes, beside what `ledger.contract.ts` holds.
import { beforeEach, describe, expect, it } from 'vitest';
import { SHARDS } from '#core/contract/table.ts';
import { toChange } from '#core/operations/mutate-key.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import { aChange, aCreation, aKey, anAuditEntry, aVersion } from '#test/support/records.ts';

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
      const first = await ledger.listKeysOf({ kind: 'owner', value: 'olga' }, null, 2);
      const rest = await ledger.listKeysOf({ kind: 'owner', value: 'olga' }, first.nextCursor, 2);

      expect(first.items.map((key) => key.name)).toEqual(['a', 'c']);
      expect(rest.items.map((key) => key.name)).toEqual(['d']);
      expect(rest.nextCursor).toBeNull();
    });

    it('lists keys of an application and of a host, in pages, as they are assigned now', async () => {
      const assigned = { application: 'billing', host: 'web-1.example.com' };
      for (const name of ['a', 'b', 'c'])
        await ledger.commit(aCreation(aKey({ name, ...assigned })));
      await ledger.commit(aCreation(aKey({ name: 'd', application: 'shop' })));
      await ledger.commit(aCreation(aKey({ name: 'e' })));
      const names = async (kind: 'application' | 'host', value: string, after: string | null) => {
        const page = await ledger.listKeysOf({ kind, value }, after, 2);
        return [...page.items.map((key) => key.name), page.nextCursor];
      };

      expect(await names('application', 'billing', null)).toEqual(['a', 'b', 'b']);
      expect(await names('application', 'billing', 'b')).toEqual(['c', null]);
      expect(await names('host', 'web-1.example.com', 'b')).toEqual(['c', null]);
      expect(await names('host', 'billing', null)).toEqual([null]);

      const before = await ledger.readKey('a');
      if (!before) throw new Error('a is there');
      const key = { application: 'shop', host: null };
      await ledger.commit(toChange(before, { key, audit: anAuditEntry() }));

      expect(await names('application', 'billing', null)).toEqual(['b', 'c', null]);
      expect(await names('application', 'shop', null)).toEqual(['a', 'd', null]);
      expect(await names('host', 'web-1.example.com', null)).toEqual(['b', 'c', null]);
      expect(await ledger.readKeyRecord('a')).toMatchObject(key);
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

    it('lists the data keys that a key wraps, all shards together, in pages', async () => {
      const dataKey = {
        parent: 'orders',
        parentVersion: 1,
        keyId: 'k1',
        keyArn: 'arn:k1',
        wrapped: 'd3JhcHBlZA==',
        wrappedAt: '2026-03-01T00:00:00.000Z',
      };
      const versions = (name: string, key: typeof dataKey) =>
        [1, 2].map((version) => aVersion({ name, version, keyId: null, dataKey: key }));
      await ledger.commit(aCreation(aKey({ name: 'a' }), { versions: versions('a', dataKey) }));
      await ledger.commit(aCreation(aKey({ name: 'b' }), { versions: versions('b', dataKey) }));
      const foreign = { ...dataKey, parent: 'others' };
      await ledger.commit(aCreation(aKey({ name: 'c' }), { versions: versions('c', foreign) }));
      await ledger.commit(aCreation(aKey({ name: 'd' }), { versions: [aVersion({ name: 'd' })] }));
      const found: string[] = [];
      for (let shard = 0; shard < SHARDS; shard += 1) {
        let cursor: string | null = null;
        do {
          const page: Awaited<ReturnType<Ledger['listDataKeys']>> = await ledger.listDataKeys(
            'orders',
            shard,
            cursor,
            1,
          );
          found.push(...page.items.map(({ name, version }) => `${name}/v${version}`));
          cursor = page.nextCursor;
        } while (cursor !== null);
      }

      expect(found.sort()).toEqual(['a/v1', 'a/v2', 'b/v1', 'b/v2']);
      // Names of keys are listed by the same index: its data keys are no keys.
      expect((await ledger.listKeys(null, 10)).items.map(({ name }) => name)).toEqual([
        'a',
        'b',
        'c',
        'd',
      ]);
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
