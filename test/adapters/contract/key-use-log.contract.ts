// SPDX-License-Identifier: Apache-2.0
// What every record of key use must do, over memory and over DynamoDB.
import { beforeEach, describe, expect, it } from 'vitest';
import type { KeyUseLog, UseCount } from '#core/ports/key-use-log.ts';

const EARLY = '2026-03-01T10:00:10.000Z';
const LATE = '2026-03-01T10:05:10.000Z';
const aUse = (patch: Partial<UseCount> = {}): UseCount => ({
  key: 'orders',
  version: 1,
  principal: 'arn:aws:iam::111122223333:role/orders-api',
  encrypts: 1,
  decrypts: 0,
  refusals: 0,
  lastEncryptAt: EARLY,
  lastDecryptAt: null,
  ...patch,
});

export function describeKeyUseLog(title: string, fresh: () => Promise<KeyUseLog>): void {
  describe(title, () => {
    let log: KeyUseLog;
    beforeEach(async () => {
      log = await fresh();
    });

    it('adds up what comes at once', async () => {
      await Promise.all(Array.from({ length: 10 }, () => log.add([aUse({ decrypts: 2 })])));

      expect(await log.read('orders')).toEqual([aUse({ encrypts: 10, decrypts: 20 })]);
    });

    it('keeps the latest instants, whatever order batches come in', async () => {
      await log.add([aUse({ lastEncryptAt: LATE, lastDecryptAt: EARLY })]);
      await log.add([aUse({ lastEncryptAt: EARLY, lastDecryptAt: null })]);

      expect(await log.read('orders')).toMatchObject([
        { lastEncryptAt: LATE, lastDecryptAt: EARLY },
      ]);
    });

    it('keeps versions, principals and keys apart', async () => {
      await log.add([
        aUse({ version: 2 }),
        aUse({ principal: 'other' }),
        aUse(),
        aUse({ key: 'x' }),
      ]);

      expect(
        (await log.read('orders')).map(({ version, principal }) => [version, principal]),
      ).toEqual([
        [1, 'arn:aws:iam::111122223333:role/orders-api'],
        [1, 'other'],
        [2, 'arn:aws:iam::111122223333:role/orders-api'],
      ]);
    });

    it('adds up the hours of a key, and answers what they are then', async () => {
      const hour = (at: string) => `2026-03-01T${at}:00:00.000Z`;
      const add = (at: string, calls: number, key = 'orders') =>
        log.addHours([{ key, hour: hour(at), calls }]);
      await add('10', 3);
      await add('12', 5);
      await add('10', 7, 'other');

      expect(await add('10', 4)).toEqual([{ key: 'orders', hour: hour('10'), calls: 7 }]);
      expect(await log.readHours('orders', hour('10'), hour('12'))).toEqual([
        { key: 'orders', hour: hour('10'), calls: 7 },
      ]);
      expect(await log.readHours('orders', hour('11'), hour('23'))).toEqual([
        { key: 'orders', hour: hour('12'), calls: 5 },
      ]);
      expect(await log.readHours('nobody', hour('00'), hour('23'))).toEqual([]);
      // The totals are another kind of row.
      expect(await log.read('orders')).toEqual([]);
    });

    it('sums minutes from an instant on, of one version', async () => {
      const minute = (at: string, version: number, errors: number) => ({
        key: 'orders',
        version,
        minute: `${at.slice(0, 16)}:00.000Z`,
        calls: 10,
        errors,
      });
      await log.addMinutes([minute(EARLY, 1, 1), minute(LATE, 1, 2), minute(LATE, 2, 4)]);
      await log.addMinutes([minute(LATE, 1, 8)]);

      expect(await log.sumSince('orders', 1, LATE)).toEqual({ calls: 20, errors: 10 });
      expect(await log.sumSince('orders', 1, EARLY)).toEqual({ calls: 30, errors: 11 });
      expect(await log.sumSince('orders', 3, EARLY)).toEqual({ calls: 0, errors: 0 });
    });
  });
}
