// SPDX-License-Identifier: Apache-2.0
// What every ledger must do with the consumers of a key; a part of the contract suite of ledgers.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '#core/ports/ledger.ts';
import { aChange, aConsumer, aCreation, aKey, aVersion } from '#test/support/records.ts';

/** Declares the part. @param fresh makes a ledger with nothing in it, before each test */
export function describeConsumers(title: string, fresh: () => Promise<Ledger>): void {
  describe(`${title}: consumers`, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ledger = await fresh();
    });

    async function given(patch: Parameters<typeof aKey>[0] = {}, rest = {}) {
      const creation = aCreation(aKey(patch), rest);
      await ledger.commit(creation);
      return creation.key;
    }

    it('reads them with their key, by name, beside its versions', async () => {
      const consumers = [aConsumer({ name: 'zebra' }), aConsumer({ name: 'archive' })];
      await given({ consumerAccess: [] }, { consumers, versions: [aVersion()] });

      const snapshot = await ledger.readKey('orders');

      expect(snapshot?.consumers).toEqual([consumers[1], consumers[0]]);
      expect(snapshot?.versions).toEqual([aVersion()]);
      expect(snapshot?.key.consumerAccess).toEqual([]);
    });

    it('replaces one and keeps the others', async () => {
      const key = await given({}, { consumers: [aConsumer(), aConsumer({ name: 'shop' })] });
      const seen = aConsumer({ acknowledgedVersion: 2 });

      await ledger.commit(aChange(key, {}, { consumers: [seen] }));

      const snapshot = await ledger.readKey('orders');
      expect(snapshot?.consumers).toEqual([seen, aConsumer({ name: 'shop' })]);
    });

    it('leaves removed ones out, and takes the name again', async () => {
      const key = await given({}, { consumers: [aConsumer()] });
      const removal = aChange(key, {}, { consumers: [aConsumer({ state: 'removed' })] });
      await ledger.commit(removal);

      expect((await ledger.readKey('orders'))?.consumers).toEqual([]);

      await ledger.commit(aChange(removal.key, {}, { consumers: [aConsumer()] }));
      expect((await ledger.readKey('orders'))?.consumers).toEqual([aConsumer()]);
    });

    it('keeps keys apart', async () => {
      await given({ name: 'orders' }, { consumers: [aConsumer()] });
      await given({ name: 'orders-archive' });

      expect((await ledger.readKey('orders-archive'))?.consumers).toEqual([]);
    });
  });
}
