// SPDX-License-Identifier: Apache-2.0
// What every ledger must do. It runs over memory (unit) and over DynamoDB (integration), so that the fake cannot drift.
import { beforeEach, describe, expect, it } from 'vitest';
import { genesisHash, link, verifyChain } from '#core/audit/chain.ts';
import { SHARDS } from '#core/contract/table.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import type { IdempotencyRecord, Ledger } from '#core/ports/ledger.ts';
import { keyStoreStream } from '#core/provisioning/key-store-change.ts';
import type { HsmTaskRecord, KeyStoreRecord } from '#core/provisioning/records.ts';
import {
  aChange,
  aCreation,
  aKey,
  anAuditEntry,
  anOperation,
  aVersion,
  EMPTY,
  T0,
} from '#test/support/records.ts';
import { describeConsumers } from './consumers.contract.ts';
import { describeVaultKeys } from './vault-keys.contract.ts';

const STALE = expect.objectContaining({ name: 'RevisionConflict' });
const CLAIM: IdempotencyRecord = {
  scope: 'scope-1',
  bodyHash: 'body-1',
  operationId: 'op_1',
  expiresAtEpochSeconds: 1_900_000_000,
};
const KEY_STORE: KeyStoreRecord = {
  name: 'main',
  state: 'running',
  step: 'Admitted',
  cause: null,
  clusterId: null,
  keyStoreId: null,
  operationId: 'op_1',
  requestedBy: 'usr_alice',
  startedAt: T0,
  endedAt: null,
  revision: 1,
  auditHead: genesisHash(keyStoreStream('main')),
};
const TASK: HsmTaskRecord = {
  id: 'activate-cluster-op_1',
  kind: 'activate-cluster',
  keyStore: 'main',
  state: 'open',
  sealedToken: 'sealed',
  certificateRequest: null,
  signedCertificate: null,
  trustAnchor: null,
  createdAt: T0,
  completedBy: null,
};

/**
 * Declares the suite.
 * @param fresh makes a ledger with nothing in it, before each test
 */
export function describeLedger(title: string, fresh: () => Promise<Ledger>): void {
  describe(title, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ledger = await fresh();
    });

    /** A key `name` at revision 1. */
    async function given(patch: Parameters<typeof aKey>[0] = {}, rest = {}) {
      const creation = aCreation(aKey(patch), rest);
      await ledger.commit(creation);
      return creation.key;
    }

    describe('reading', () => {
      it('answers null for what is not there', async () => {
        expect(await ledger.readKey('orders')).toBeNull();
        expect(await ledger.readKeyRecord('orders')).toBeNull();
        expect(await ledger.readVersion('orders', 1)).toBeNull();
        expect(await ledger.readOperation('op_1')).toBeNull();
        expect(await ledger.readIdempotency('scope-1')).toBeNull();
        expect(await ledger.findRecordedKey('k1')).toBeNull();
        expect(await ledger.readKeyStore('main')).toBeNull();
        expect(await ledger.readTasks('main')).toEqual([]);
        expect(await ledger.listKeys(null, 10)).toEqual({ items: [], nextCursor: null });
        expect(await ledger.listDue('2027-01-01T00:00:00.000Z', 10)).toEqual([]);
      });

      it('answers exactly the records that were written', async () => {
        const lease = { operationId: 'op_1', fence: 2, expiresAt: '2026-01-01T01:00:00.000Z' };
        const access = [
          { principal: 'arn:aws:iam::000000000000:role/a', rights: ['encrypt'] as const },
        ];
        const versions = [
          aVersion({ canary: { ciphertext: 'AAA=', digest: '00' } }),
          aVersion({ version: 2 }),
        ];
        const operation = anOperation();
        const key = await given({ lease, access, nextRotationAt: T0 }, { versions, operation });

        expect(await ledger.readKey('orders')).toEqual({ ...EMPTY, key, versions, operation });
        expect(await ledger.readKeyRecord('orders')).toEqual(key);
        expect(await ledger.readVersion('orders', 2)).toEqual(versions[1]);
        expect(await ledger.readOperation('op_1')).toEqual(operation);
      });

      it('lists versions in number order, whatever order they were written in', async () => {
        const numbers = [11, 2, 100, 1, 10];
        await given({}, { versions: numbers.map((version) => aVersion({ version })) });

        const snapshot = await ledger.readKey('orders');

        expect(snapshot?.versions.map((version) => version.version)).toEqual([1, 2, 10, 11, 100]);
      });

      it('has no operation in the snapshot of a key that is free', async () => {
        await given({ lease: null }, { operation: anOperation() });

        expect((await ledger.readKey('orders'))?.operation).toBeNull();
      });

      it('hands out copies: changing one changes nothing that is stored', async () => {
        await given({}, { versions: [aVersion()] });
        const first = await ledger.readKey('orders');
        Object.assign(first?.key ?? {}, { owner: 'mallory' });

        expect((await ledger.readKey('orders'))?.key.owner).toBe('olga');
      });
    });

    describe('committing', () => {
      it('refuses to create a key whose name exists, and changes nothing', async () => {
        const key = await given({ owner: 'olga' });

        await expect(ledger.commit(aCreation(aKey({ owner: 'mallory' })))).rejects.toEqual(STALE);

        expect(await ledger.readKeyRecord('orders')).toEqual(key);
      });

      it('refuses to change a key that does not exist', async () => {
        await expect(ledger.commit(aChange(aKey({ revision: 1 })))).rejects.toEqual(STALE);

        expect(await ledger.readKeyRecord('orders')).toBeNull();
      });

      it('refuses a change that was decided on an older revision', async () => {
        const read = await given();
        await ledger.commit(aChange(read, { purpose: 'first' }));

        await expect(ledger.commit(aChange(read, { purpose: 'second' }))).rejects.toEqual(STALE);

        expect((await ledger.readKeyRecord('orders'))?.purpose).toBe('first');
      });

      it('[INV-06] a state change and its audit record are written together or not at all', async () => {
        const read = await given();
        await ledger.commit(aChange(read, { purpose: 'first' }));
        const versions = [aVersion({ version: 9 })];
        const refused = aChange(read, {}, { versions, operation: anOperation({ id: 'op_9' }) });

        await expect(ledger.commit(refused)).rejects.toEqual(STALE);

        const { records, head } = await ledger.readAudit(keyStream('orders'), 0, 10);
        expect(records.map((record) => record.sequence)).toEqual([1, 2]);
        expect(head).toEqual({ sequence: 2, hash: records[1]?.hash });
        expect(await ledger.readVersion('orders', 9)).toBeNull();
        expect(await ledger.readOperation('op_9')).toBeNull();
      });

      it('lets exactly one of many concurrent changes win', async () => {
        const read = await given();
        const changes = Array.from({ length: 8 }, (_, index) =>
          ledger.commit(aChange(read, { purpose: `try ${index}` })),
        );

        const settled = await Promise.allSettled(changes);

        expect(settled.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
        const refused = settled.filter((result) => result.status === 'rejected');
        expect(refused.map((result) => result.reason)).toEqual(Array(7).fill(STALE));
        expect((await ledger.readKeyRecord('orders'))?.revision).toBe(2);
      });

      it('never overwrites an audit record', async () => {
        const read = await given();
        const change = aChange(read);
        const again = { ...change.audit, sequence: 1 };

        await expect(ledger.commit({ ...change, audit: again })).rejects.toEqual(STALE);

        expect((await ledger.readKeyRecord('orders'))?.revision).toBe(1);
      });

      it('writes an idempotency record once, and refuses the whole change the second time', async () => {
        await given({ name: 'orders' }, { idempotency: CLAIM });
        const other = aCreation(aKey({ name: 'payments' }), {
          idempotency: { ...CLAIM, operationId: 'op_2' },
        });

        await expect(ledger.commit(other)).rejects.toEqual(STALE);

        expect(await ledger.readIdempotency('scope-1')).toEqual(CLAIM);
        expect(await ledger.readKeyRecord('payments')).toBeNull();
      });
    });

    describe('audit', () => {
      it('pages a stream in order, with the head of the key', async () => {
        let key = await given();
        for (let index = 0; index < 6; index += 1) {
          const change = aChange(key, { purpose: `change ${index}` });
          await ledger.commit(change);
          key = change.key;
        }

        const first = await ledger.readAudit(keyStream('orders'), 0, 3);
        const second = await ledger.readAudit(keyStream('orders'), 3, 3);
        const third = await ledger.readAudit(keyStream('orders'), 6, 3);

        const all = [...first.records, ...second.records, ...third.records];
        expect(all.map((record) => record.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
        expect(first.head).toEqual({ sequence: 7, hash: key.auditHead });
        expect(verifyChain(keyStream('orders'), all, first.head)).toBeNull();
      });

      it('keeps streams apart', async () => {
        await given({ name: 'orders' });
        await given({ name: 'orders-archive' });

        const { records } = await ledger.readAudit(keyStream('orders'), 0, 10);

        expect(records.map((record) => record.stream)).toEqual(['key/orders']);
      });

      it('answers the genesis head for a stream that nobody wrote', async () => {
        expect(await ledger.readAudit('key/none', 0, 10)).toEqual({
          records: [],
          head: { sequence: 0, hash: genesisHash('key/none') },
        });
      });
    });

    describe('lists', () => {
      const names = Array.from(
        { length: SHARDS * 3 },
        (_, index) => `key-${String(index).padStart(2, '0')}`,
      );

      it('pages all keys by name, each once, over all shards', async () => {
        await Promise.all([...names].reverse().map((name) => given({ name })));
        const seen: string[] = [];
        const sizes: number[] = [];
        let cursor: string | null = null;
        do {
          const page = await ledger.listKeys(cursor, 7);
          seen.push(...page.items.map((key) => key.name));
          sizes.push(page.items.length);
          cursor = page.nextCursor;
        } while (cursor !== null);

        expect(seen).toEqual(names);
        expect(sizes).toEqual([7, 7, 7, 3]);
      });

      it('ends with the last full page', async () => {
        await Promise.all(names.slice(0, 4).map((name) => given({ name })));

        const page = await ledger.listKeys(null, 4);

        expect(page.items).toHaveLength(4);
        expect(page.nextCursor).toBeNull();
      });

      it('lists what is due with the longest overdue first, the bound included', async () => {
        const at = (day: number) => `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`;
        await Promise.all(
          names.slice(0, 12).map((name, index) => given({ name, nextRotationAt: at(12 - index) })),
        );

        const due = await ledger.listDue(at(5), 100);

        expect(due.map((item) => item.dueAt)).toEqual([at(1), at(2), at(3), at(4), at(5)]);
        expect(due[0]).toEqual({ kind: 'key', name: 'key-11', operationId: null, dueAt: at(1) });
      });

      it('lists at most as many due items as asked for, the first ones', async () => {
        await Promise.all(names.map((name) => given({ name, nextRotationAt: T0 })));

        const due = await ledger.listDue(T0, 5);

        expect(due.map((item) => item.name)).toEqual(names.slice(0, 5));
      });

      it('leaves out keys that have nothing due', async () => {
        await given({ name: 'never', nextRotationAt: null });
        await given({ name: 'suspended', state: 'suspended', nextRotationAt: T0 });
        await given({ name: 'later', nextRotationAt: '2026-06-01T00:00:00.000Z' });

        expect(await ledger.listDue('2026-02-01T00:00:00.000Z', 10)).toEqual([]);
      });

      it('lists a held key by the end of its lease, as its operation', async () => {
        const expiresAt = '2026-01-01T00:15:00.000Z';
        const lease = { operationId: 'op_1', fence: 1, expiresAt };
        await given({ lease, nextRotationAt: T0 }, { operation: anOperation() });

        expect(await ledger.listDue('2026-01-01T00:14:59.999Z', 10)).toEqual([]);
        expect(await ledger.listDue(expiresAt, 10)).toEqual([
          { kind: 'operation', name: 'orders', operationId: 'op_1', dueAt: expiresAt },
        ]);
      });

      it('takes a key off the due list when it is no longer due', async () => {
        const key = await given({ nextRotationAt: T0 });

        await ledger.commit(aChange(key, { nextRotationAt: null }));

        expect(await ledger.listDue('2027-01-01T00:00:00.000Z', 10)).toEqual([]);
      });
    });

    describe('key stores', () => {
      const stream = keyStoreStream('main');
      const head = { sequence: 0, hash: genesisHash(stream) };

      it('keeps a key store with its tasks and its audit stream', async () => {
        const audit = link(stream, head, anAuditEntry());
        const keyStore = { ...KEY_STORE, auditHead: audit.hash };
        await ledger.commitKeyStore({ expectedRevision: null, keyStore, tasks: [TASK], audit });

        expect(await ledger.readKeyStore('main')).toEqual(keyStore);
        expect(await ledger.readTasks('main')).toEqual([TASK]);
        expect(await ledger.readAudit(stream, 0, 10)).toEqual({
          records: [audit],
          head: { sequence: 1, hash: audit.hash },
        });
      });

      it('refuses a change of a key store that was decided on an older revision', async () => {
        const audit = link(stream, head, anAuditEntry());
        const first = { expectedRevision: null, keyStore: KEY_STORE, audit };
        await ledger.commitKeyStore(first);
        const foreign = { ...KEY_STORE, requestedBy: 'usr_mallory' };

        await expect(ledger.commitKeyStore({ ...first, keyStore: foreign })).rejects.toEqual(STALE);

        expect((await ledger.readKeyStore('main'))?.requestedBy).toBe('usr_alice');
      });

      it('replaces a task and keeps the others', async () => {
        const audit = link(stream, head, anAuditEntry());
        const other = { ...TASK, id: 'sign-certificate-op_1', kind: 'sign-certificate' as const };
        await ledger.commitKeyStore({
          expectedRevision: null,
          keyStore: KEY_STORE,
          tasks: [TASK, other],
          audit,
        });
        const next = link(stream, { sequence: 1, hash: audit.hash }, anAuditEntry());
        const done = { ...TASK, state: 'done' as const };
        await ledger.commitKeyStore({
          expectedRevision: 1,
          keyStore: { ...KEY_STORE, revision: 2 },
          tasks: [done],
          audit: next,
        });

        expect(await ledger.readTasks('main')).toEqual([done, other]);
      });
    });
  });
  describeConsumers(title, fresh);
  describeVaultKeys(title, fresh);
}
