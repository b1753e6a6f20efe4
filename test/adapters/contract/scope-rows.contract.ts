// SPDX-License-Identifier: Apache-2.0
// What every store of containments of scopes does.
import { beforeEach, describe, expect, it } from 'vitest';
import { denialOf } from '#core/keys/scopes.ts';
import { linkedScope } from '#core/operations/contain-scope.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import type { ScopeContainment, ScopeContainments } from '#core/ports/scope-containments.ts';
import { aChange, aCreation, aKey, anAuditEntry } from '#test/support/records.ts';

export const aScope = (id: string): Omit<ScopeContainment, 'revision' | 'auditHead'> => ({
  id,
  scope: { kind: 'owner', value: 'olga' },
  kind: 'revocation',
  mode: null,
  reason: 'the laptop was stolen',
  occurredAt: null,
  isEmergency: false,
  requestedBy: 'usr_alice',
  state: 'running',
  counts: { found: 2, contained: 0, already: 0, refused: 0, failed: 0 },
  floorSeconds: 1,
  checkpoint: { pass: 1, rank: 0, cursor: null, changed: 0 },
  failures: [],
  startedAt: '2026-11-22T10:00:00.000Z',
  endedAt: null,
  bodyHash: 'hash',
});

export interface ScopeStores {
  readonly scopes: ScopeContainments;
  /** Of the same table. */
  readonly ledger: Ledger;
}

export function describeScopeRows(title: string, fresh: () => Promise<ScopeStores>): void {
  describe(`${title}: containments of scopes`, () => {
    let scopes: ScopeContainments;
    let ledger: Ledger;
    beforeEach(async () => {
      ({ scopes, ledger } = await fresh());
    });
    async function begin(id: string): Promise<ScopeContainment> {
      const change = linkedScope(null, aScope(id), anAuditEntry({ action: 'scope.revoking' }));
      const denial = { add: denialOf(change.containment, ['root']) };
      await scopes.commitScope({ ...change, denial });
      return change.containment;
    }

    it('denies with the first change and no longer with the last, whatever key is asked about', async () => {
      const first = await begin('scp_1');
      await begin('scp_2');
      for (const name of ['orders', 'invoices', 'a', 'b', 'c'])
        expect(
          (await scopes.readDenials(name)).denials.map(
            ({ containment }) => containment.operationId,
          ),
        ).toEqual(['scp_1', 'scp_2']);
      expect((await scopes.listRunning()).map(({ id }) => id)).toEqual(['scp_1', 'scp_2']);

      const { revision: _revision, auditHead: _head, ...row } = first;
      const end = linkedScope(
        first,
        { ...row, state: 'done' },
        anAuditEntry({ action: 'scope.contained' }),
      );
      await scopes.commitScope({ ...end, denial: { remove: 'scp_1' } });

      expect(await scopes.readDenials('orders')).toMatchObject({
        denials: [{ except: ['root'] }],
      });
      expect((await scopes.listRunning()).map(({ id }) => id)).toEqual(['scp_2']);
      expect(await scopes.readScope('scp_1')).toEqual(end.containment);
    });

    it('lets a key be changed only on what was denied when that was decided', async () => {
      const creation = aCreation(aKey());
      await ledger.commit(creation);
      const before = await scopes.readDenials('orders');
      expect(before).toEqual({ denials: [], revision: null });
      await begin('scp_1');
      const change = (denials: { revision: number | null }) =>
        ledger.commit(aChange(creation.key, { host: 'web-1' }, { denials }));

      await expect(change(before)).rejects.toMatchObject({ name: 'RevisionConflict' });
      expect((await ledger.readKeyRecord('orders'))?.host).toBeUndefined();
      const { revision } = await scopes.readDenials('orders');
      await begin('scp_2');
      await expect(change({ revision })).rejects.toMatchObject({ name: 'RevisionConflict' });
      await change({ revision: (await scopes.readDenials('orders')).revision });
      expect(await ledger.readKeyRecord('orders')).toMatchObject({ host: 'web-1', revision: 2 });
    });

    it('refuses what was decided on another revision, and writes nothing of it then', async () => {
      const first = await begin('scp_1');
      await expect(begin('scp_1')).rejects.toMatchObject({ name: 'RevisionConflict' });
      const { revision: _revision, auditHead: _head, ...row } = first;
      const stale = linkedScope(
        { ...first, revision: 7 },
        { ...row, state: 'done' },
        anAuditEntry({ action: 'scope.contained' }),
      );
      await expect(
        scopes.commitScope({ ...stale, denial: { remove: 'scp_1' } }),
      ).rejects.toMatchObject({ name: 'RevisionConflict' });
      expect((await scopes.readDenials('orders')).denials).toHaveLength(1);
      expect(await scopes.readScope('scp_none')).toBeNull();
    });
  });
}
