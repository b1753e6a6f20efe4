// SPDX-License-Identifier: Apache-2.0
// What every ledger of recoveries must hold.
import { describe, expect, it } from 'vitest';
import { genesisHash, link } from '#core/audit/chain.ts';
import { toApprovalChange } from '#core/operations/mutate-approval.ts';
import type { ApprovalLedger } from '#core/ports/approvals.ts';
import type { KeyStoreChange, Ledger } from '#core/ports/ledger.ts';
import type { KeyStoreRecord } from '#core/provisioning/records.ts';
import { NOTHING_SURVEYED } from '#core/recovery/key-store-recovery.ts';
import type { RecoveryRecord } from '#core/recovery/records.ts';
import { anApproval, anAuditEntry } from '#test/support/records.ts';

const STREAM = 'key-store/main';
const AT = '2026-03-01T10:00:00.000Z';
const RECOVERY: RecoveryRecord = {
  id: 'op_00000000000000000000000001',
  kind: 'key-store.restore',
  keyStore: 'main',
  keyStoreId: 'cks-1',
  state: 'running',
  phase: 'diagnose',
  cause: null,
  reason: null,
  requestedBy: 'usr_alice',
  approvalId: 'apr_00000000000000000000000001',
  attempt: 1,
  adminRound: 1,
  diagnosis: null,
  sourceClusterId: 'cluster-1',
  clusterId: null,
  backupId: null,
  backupAt: null,
  phases: [],
  survey: NOTHING_SURVEYED,
  startedAt: AT,
  endedAt: null,
};

function change(revision: number, head: string, more: Partial<KeyStoreChange>): KeyStoreChange {
  const audit = link(STREAM, { sequence: revision, hash: head }, anAuditEntry());
  const keyStore: KeyStoreRecord = {
    name: 'main',
    state: 'done',
    step: 'Connected',
    cause: null,
    clusterId: 'cluster-1',
    keyStoreId: 'cks-1',
    operationId: 'op_0',
    requestedBy: 'usr_alice',
    startedAt: AT,
    endedAt: AT,
    revision: audit.sequence,
    auditHead: audit.hash,
  };
  const expectedRevision = revision === 0 ? null : revision;
  return { expectedRevision, keyStore, audit, ...more };
}

export function describeRecoveries(
  title: string,
  fresh: () => Promise<Ledger & ApprovalLedger>,
): void {
  describe(`${title}: recoveries`, () => {
    it('reads them back by id, apart from tasks, and changes them with the key store', async () => {
      const ledger = await fresh();
      expect(await ledger.readRecoveries('main')).toEqual([]);
      const later = { ...RECOVERY, id: 'op_00000000000000000000000002' };
      const first = change(0, genesisHash(STREAM), { recovery: later });
      await ledger.commitKeyStore(first);
      const second = change(1, first.audit.hash, { recovery: RECOVERY });
      await ledger.commitKeyStore(second);

      expect(await ledger.readRecoveries('main')).toEqual([RECOVERY, later]);
      expect(await ledger.readTasks('main')).toEqual([]);
      const done = { ...later, state: 'done' as const };
      await ledger.commitKeyStore(change(2, second.audit.hash, { recovery: done }));
      expect((await ledger.readRecoveries('main'))[1]).toEqual(done);
    });

    it('uses an approval up with the change or not at all', async () => {
      const ledger = await fresh();
      const asked = toApprovalChange(
        anApproval(),
        {},
        anAuditEntry({ action: 'approval.requested' }),
      );
      await ledger.commitApproval({ ...asked, expectedRevision: null });
      const executed = { state: 'executed' as const };
      const entry = anAuditEntry({ action: 'approval.executed' });
      const approval = toApprovalChange(asked.approval, executed, entry);
      const stale = { ...approval, expectedRevision: 7 };
      const more = { recovery: RECOVERY };

      const refused = change(0, genesisHash(STREAM), { ...more, approval: stale });
      await expect(ledger.commitKeyStore(refused)).rejects.toMatchObject({
        code: 'RevisionConflict',
      });
      expect(await ledger.readRecoveries('main')).toEqual([]);
      expect(await ledger.readKeyStore('main')).toBeNull();
      await ledger.commitKeyStore(change(0, genesisHash(STREAM), { ...more, approval }));
      expect((await ledger.readApproval(asked.approval.id))?.state).toBe('executed');
    });
  });
}
