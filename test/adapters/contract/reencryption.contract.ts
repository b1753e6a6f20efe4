// SPDX-License-Identifier: Apache-2.0
// What every ledger must do with sources, holds and runs, and every place for checkpoints with those.
import { beforeEach, describe, expect, it } from 'vitest';
import type { HoldRecord, ReencryptionRecord, SourceRecord } from '#core/keys/reencryption.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import type { ReencryptionProgress, ShardCheckpoint } from '#core/ports/reencryption-progress.ts';
import { aChange, aCreation, aKey, aVersion, T0 } from '#test/support/records.ts';

const LATER = '2026-01-02T00:00:00.000Z';
const aSource = (patch: Partial<SourceRecord> = {}): SourceRecord => ({
  key: 'orders',
  name: 'archive',
  location: { kind: 'none', reason: 'in transit only' },
  shards: 4,
  copies: [{ kind: 'backup', retentionDays: 30 }],
  count: { operationId: 'op_1', startedAt: T0, endedAt: LATER, byVersion: { 2: 7 }, dead: 0 },
  registeredAt: T0,
  registeredBy: 'usr_alice',
  removedAt: null,
  ...patch,
});
const aHold = (patch: Partial<HoldRecord> = {}): HoldRecord => ({
  key: 'orders',
  name: 'lawsuit',
  reason: 'case 4711',
  until: null,
  placedAt: T0,
  placedBy: 'usr_ada',
  releasedAt: null,
  ...patch,
});
const aRun = (patch: Partial<ReencryptionRecord> = {}): ReencryptionRecord => ({
  key: 'orders',
  state: 'running',
  isAutomatic: true,
  operationId: 'op_1',
  fence: 3,
  pass: 2,
  passStartedAt: T0,
  dueAt: T0,
  ...patch,
});

/** Declares the part of the ledgers. @param fresh makes a ledger with nothing in it, before each test */
export function describeReencryptionRecords(title: string, fresh: () => Promise<Ledger>): void {
  describe(`${title}: sources, holds and runs`, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ledger = await fresh();
    });

    it('reads them with their key, those that were taken away left out', async () => {
      const sources = [aSource(), aSource({ name: 'old', removedAt: T0 })];
      const holds = [aHold(), aHold({ name: 'over', releasedAt: T0 })];
      const rest = { sources, holds, reencryption: aRun(), versions: [aVersion()] };
      await ledger.commit(aCreation(aKey(), rest));

      expect(await ledger.readKey('orders')).toMatchObject({
        versions: [aVersion()],
        sources: [aSource()],
        holds: [aHold()],
        reencryption: aRun(),
      });
    });

    it('lists due runs alone, the longest overdue first, and not among what is due otherwise', async () => {
      for (const [name, dueAt] of [
        ['orders', LATER],
        ['invoices', T0],
        ['refunds', '2026-03-01T00:00:00.000Z'],
        ['idle', null],
      ] as const) {
        const key = aKey({ name });
        await ledger.commit(aCreation(key, { reencryption: aRun({ key: name, dueAt }) }));
      }

      expect(await ledger.listDueReencryptions(LATER, 10)).toEqual(['invoices', 'orders']);
      expect(await ledger.listDueReencryptions(LATER, 1)).toEqual(['invoices']);
      expect(await ledger.listDue(LATER, 10)).toEqual([]);
    });

    it('takes a run off the due list when nothing is to be done', async () => {
      const creation = aCreation(aKey(), { reencryption: aRun() });
      await ledger.commit(creation);
      await ledger.commit(
        aChange(creation.key, {}, { reencryption: aRun({ state: 'idle', dueAt: null }) }),
      );

      expect(await ledger.listDueReencryptions(LATER, 10)).toEqual([]);
    });
  });
}

const aCheckpoint = (patch: Partial<ShardCheckpoint> = {}): ShardCheckpoint => ({
  operationId: 'op_1',
  source: 'archive',
  shard: 0,
  pass: 1,
  sequence: 1,
  cursor: '{"id":"x"}',
  isDone: false,
  items: 100,
  found: { 1: 90, 2: 10 },
  rewritten: 90,
  changed: 0,
  dead: 0,
  expected: 400,
  updatedAt: T0,
  ...patch,
});

/** Declares the suite of checkpoints. @param fresh makes a place with nothing in it, before each test */
export function describeProgress(title: string, fresh: () => Promise<ReencryptionProgress>): void {
  describe(title, () => {
    let progress: ReencryptionProgress;
    beforeEach(async () => {
      progress = await fresh();
    });

    it('answers the checkpoint that was written, and null before', async () => {
      expect(await progress.readCheckpoint('op_1', 'archive', 0)).toBeNull();
      expect(await progress.write(aCheckpoint(), [])).toBe(true);
      expect(await progress.readCheckpoint('op_1', 'archive', 0)).toEqual(aCheckpoint());
      expect(await progress.readCheckpoint('op_1', 'archive', 1)).toBeNull();
    });

    it('lets each write follow the one before it, and no two the same', async () => {
      await progress.write(aCheckpoint(), []);
      expect(await progress.write(aCheckpoint({ items: 7 }), [])).toBe(false);
      expect(await progress.write(aCheckpoint({ sequence: 3 }), [])).toBe(false);
      const second = aCheckpoint({ sequence: 2, isDone: true, cursor: null });
      const both = await Promise.all([progress.write(second, []), progress.write(second, [])]);

      expect(both.sort()).toEqual([false, true]);
      expect(await progress.readCheckpoint('op_1', 'archive', 0)).toEqual(second);
    });

    it('lists the checkpoints of one operation', async () => {
      await progress.write(aCheckpoint(), []);
      await progress.write(aCheckpoint({ shard: 1 }), []);
      await progress.write(aCheckpoint({ operationId: 'op_2' }), []);

      expect((await progress.readCheckpoints('op_1')).map(({ shard }) => shard).sort()).toEqual([
        0, 1,
      ]);
    });

    it('keeps dead items once each, and none of a write that was refused', async () => {
      const item = { source: 'archive', id: '{"id":"7"}', cause: 'CiphertextInvalid: x', at: T0 };
      await progress.write(aCheckpoint(), [item]);
      await progress.write(aCheckpoint({ sequence: 2 }), [{ ...item, at: LATER }]);
      await progress.write(aCheckpoint({ sequence: 9 }), [{ ...item, id: 'other' }]);

      expect(await progress.readDead('op_1', 10)).toEqual([{ ...item, at: LATER }]);
      expect(await progress.readDead('op_2', 10)).toEqual([]);
    });

    it('shows as many dead items as are asked for', async () => {
      const dead = Array.from({ length: 120 }, (_, index) => ({
        source: 'archive',
        id: String(index).padStart(3, '0'),
        cause: 'x',
        at: T0,
      }));
      await progress.write(aCheckpoint(), dead.slice(0, 60));
      await progress.write(aCheckpoint({ sequence: 2 }), dead.slice(60));

      expect(await progress.readDead('op_1', 100)).toEqual(dead.slice(0, 100));
    });
  });
}
