// SPDX-License-Identifier: Apache-2.0
// What every store of watches over consumers of stopped keys does: they change with their key, are read with it, and are
// found when they are due.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '#core/ports/ledger.ts';
import type { PurgeWatch, PurgeWatches } from '#core/ports/purge-watches.ts';
import { aChange, aCreation, aKey } from '#test/support/records.ts';

export interface PurgeWatchStores {
  readonly watches: PurgeWatches;
  readonly ledger: Ledger;
}

const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, '0')}:00.000Z`;
const aWatch = (key: string, dueAt: string | null): PurgeWatch => ({
  ...{ key, operationId: 'op_2', dueAt },
});

export function describePurgeWatchRows(title: string, fresh: () => Promise<PurgeWatchStores>) {
  describe(`${title}: watches over consumers of stopped keys`, () => {
    let stores: PurgeWatchStores;
    const due = (minute: number, limit = 10) => stores.watches.listDuePurges(at(minute), limit);
    const watchOf = async (key: string) => (await stores.ledger.readKey(key))?.purgeWatch;
    const create = (name: string, purgeWatch?: PurgeWatch) =>
      stores.ledger.commit(aCreation(aKey({ name }), purgeWatch ? { purgeWatch } : {}));
    const change = async (name: string, purgeWatch?: PurgeWatch) => {
      const key = await stores.ledger.readKeyRecord(name);
      if (!key) throw new Error(`no key ${name}`);
      const last = aChange(key, {}, purgeWatch ? { purgeWatch } : {});
      await stores.ledger.commit(last);
      return last;
    };
    beforeEach(async () => {
      stores = await fresh();
    });

    it('are read with their key, of which there may be none', async () => {
      await create('orders', aWatch('orders', at(5)));
      await create('invoices');
      expect(await watchOf('orders')).toEqual(aWatch('orders', at(5)));
      expect(await watchOf('invoices')).toBeNull();
    });

    it('are found when they are due, the longest overdue first, as many as asked for', async () => {
      await create('orders', aWatch('orders', at(5)));
      await create('invoices', aWatch('invoices', at(7)));
      await create('refunds', aWatch('refunds', at(3)));
      await create('stock');
      expect(await due(2)).toEqual([]);
      expect(await due(5)).toEqual(['refunds', 'orders']);
      expect(await due(59)).toEqual(['refunds', 'orders', 'invoices']);
      expect(await due(59, 2)).toEqual(['refunds', 'orders']);
    });

    it('stay with other changes of their key, and are found no more when they are over', async () => {
      await create('orders', aWatch('orders', at(5)));
      await change('orders');
      expect(await due(5)).toEqual(['orders']);
      await change('orders', aWatch('orders', null));
      expect(await due(59)).toEqual([]);
      expect(await watchOf('orders')).toEqual(aWatch('orders', null));
      await change('orders', { ...aWatch('orders', at(9)), operationId: 'op_3' });
      expect(await due(59)).toEqual(['orders']);
    });

    it('are written with the change of their key, or not at all', async () => {
      await create('orders');
      const stale = await change('orders');
      const late = { ...stale, purgeWatch: aWatch('orders', at(1)) };
      await expect(stores.ledger.commit(late)).rejects.toMatchObject({ name: 'RevisionConflict' });
      expect(await watchOf('orders')).toBeNull();
      expect(await due(59)).toEqual([]);
    });
  });
}
