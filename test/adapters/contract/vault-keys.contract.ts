// SPDX-License-Identifier: Apache-2.0
// What every ledger must hold about which version a vault key belongs to, beside what `ledger.contract.ts` holds.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '#core/ports/ledger.ts';
import { aChange, aCreation, aKey } from '#test/support/records.ts';

const STALE = expect.objectContaining({ name: 'RevisionConflict' });

export function describeVaultKeys(title: string, fresh: () => Promise<Ledger>): void {
  describe(`${title}: vault keys`, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ledger = await fresh();
    });
    async function given(patch: Parameters<typeof aKey>[0] = {}, rest = {}) {
      const creation = aCreation(aKey(patch), rest);
      await ledger.commit(creation);
      return creation.key;
    }

    it('ties a vault key to one name for ever, and to the newest version that shares it', async () => {
      const recordedKey = { keyId: 'k1', name: 'orders', version: 1 };
      const key = await given({}, { recordedKey });
      await given({ name: 'payments' });
      const stolen = aCreation(aKey({ name: 'invoices' }), {
        recordedKey: { ...recordedKey, name: 'invoices' },
      });
      const shared = aChange(key, {}, { recordedKey: { ...recordedKey, version: 2 } });

      await expect(ledger.commit(stolen)).rejects.toEqual(STALE);
      await ledger.commit(shared);
      const older = aChange(shared.key, {}, { recordedKey });
      await expect(ledger.commit(older)).rejects.toEqual(STALE);

      expect(await ledger.findRecordedKey('k1')).toEqual({ name: 'orders', version: 2 });
      expect(await ledger.readKeyRecord('invoices')).toBeNull();
    });

    it('finds no vault key that was given back, and records it anew', async () => {
      const recordedKey = { keyId: 'k1', name: 'orders', version: 1 };
      const key = await given({}, { recordedKey });
      const givenBack = { ...recordedKey, isGivenBack: true as const };
      await ledger.commit(aChange(key, {}, { recordedKey: givenBack }));
      expect(await ledger.findRecordedKey('k1')).toBeNull();

      await given({ name: 'payments' }, { recordedKey: { ...recordedKey, name: 'payments' } });

      expect(await ledger.findRecordedKey('k1')).toEqual({ name: 'payments', version: 1 });
    });

    it('gives a vault key of a version that is named to another key, and of no other', async () => {
      const recordedKey = { keyId: 'k1', name: 'orders', version: 1 };
      await given({}, { recordedKey });
      const next = (version: number) =>
        given(
          { name: 'payments' },
          {
            recordedKey: {
              ...recordedKey,
              name: 'payments',
              replaces: { name: 'orders', version },
            },
          },
        );

      await expect(next(2)).rejects.toEqual(STALE);
      await next(1);

      expect(await ledger.findRecordedKey('k1')).toEqual({ name: 'payments', version: 1 });
    });

    it('records the same vault key for the same version again', async () => {
      const recordedKey = { keyId: 'k1', name: 'orders', version: 1 };
      const key = await given({}, { recordedKey });

      await ledger.commit(aChange(key, {}, { recordedKey }));

      expect(await ledger.findRecordedKey('k1')).toMatchObject({ name: 'orders', version: 1 });
    });
  });
}
