// SPDX-License-Identifier: Apache-2.0
// What every ledger of approvals must hold.
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import {
  DECISION_STREAM,
  recordFirstPolicy,
  schedulePolicy,
} from '#core/operations/activate-policy.ts';
import { toApprovalChange } from '#core/operations/mutate-approval.ts';
import type { ApprovalLedger, Ballots, DecisionPolicies } from '#core/ports/approvals.ts';
import type { ApprovalChange, Ledger } from '#core/ports/ledger.ts';
import { aChange, aCreation, aKey, anApproval, anAuditEntry } from '#test/support/records.ts';

type Tested = Ledger & ApprovalLedger & Ballots & DecisionPolicies;

const entry = (action: string) => anAuditEntry({ action });
const created = (approval: ApprovalRecord): ApprovalChange => ({
  ...toApprovalChange(approval, {}, entry('approval.requested')),
  expectedRevision: null,
});

export function describeApprovals(title: string, fresh: () => Promise<Tested>): void {
  describe(`${title}: approvals`, () => {
    let ledger: Tested;
    let approval: ApprovalRecord;
    beforeEach(async () => {
      ledger = await fresh();
      const change = created(anApproval());
      await ledger.commitApproval(change);
      approval = change.approval;
    });
    const end = (state: ApprovalRecord['state']) =>
      toApprovalChange(approval, { state }, entry(`approval.${state}`));

    it('reads back what was written, and its audit', async () => {
      expect(await ledger.readApproval(approval.id)).toEqual(approval);
      expect(await ledger.readApproval('apr_other')).toBeNull();
      const { records, head } = await ledger.readAudit(`approval/${approval.id}`, 0, 10);
      expect(records.map(({ action }) => action)).toEqual(['approval.requested']);
      expect(head).toEqual({ sequence: 1, hash: approval.auditHead });
    });

    it('lets one of two changes through that were decided on the same revision', async () => {
      const changes = [end('denied'), end('expired')];
      const results = await Promise.allSettled(changes.map((one) => ledger.commitApproval(one)));
      const lost = results.filter(({ status }) => status === 'rejected');
      expect(lost).toEqual([
        { status: 'rejected', reason: expect.objectContaining({ name: 'RevisionConflict' }) },
      ]);
    });

    it('lists what is open and what has ended, in pages, and what is due', async () => {
      const other = created(anApproval({ id: 'apr_00000000000000000000000002' }));
      await ledger.commitApproval(other);
      const first = await ledger.listApprovals('open', null, 1);
      const rest = await ledger.listApprovals('open', first.nextCursor, 1);
      expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual([
        approval.id,
        other.approval.id,
      ]);
      expect(rest.nextCursor).toBeNull();
      const due = approval.dueAt ?? '';
      expect(await ledger.listDueApprovals(due, 10)).toEqual([approval.id, other.approval.id]);

      await ledger.commitApproval(end('denied'));

      expect((await ledger.listApprovals('ended', null, 9)).items.map(({ id }) => id)).toEqual([
        approval.id,
      ]);
      expect(await ledger.listDueApprovals(due, 10)).toEqual([other.approval.id]);
    });

    it('keeps one decision policy, with its audit, and the approval that brought the next', async () => {
      expect(await ledger.readDecisionPolicy()).toBeNull();
      const clock = { now: () => '2026-11-22T10:00:00.000Z' };
      const deps = { decisions: ledger, clock, activationDelaySeconds: 60 };
      const first = { rules: [], quorums: { test: 2 }, people: [] };
      const deployed = { ...first, quorums: { test: 3 } };
      const recorded = await Promise.all([
        recordFirstPolicy({ ...deps, deployed: first }),
        recordFirstPolicy({ ...deps, deployed: first }),
      ]);
      expect(recorded.sort()).toEqual([false, true]);

      const asked = { id: approval.id, requestedBy: 'usr_alice', rule: { name: 'rule' } };
      await schedulePolicy({ ...deps, deployed }, asked, () => end('executed'));

      const record = await ledger.readDecisionPolicy();
      expect(record).toMatchObject({
        active: { policy: first },
        next: { policy: deployed },
        revision: 2,
      });
      expect((await ledger.readApproval(approval.id))?.state).toBe('executed');
      const { records, head } = await ledger.readAudit(DECISION_STREAM, 0, 10);
      expect(records.map(({ sequence }) => sequence)).toEqual([1, 2]);
      expect(head).toEqual({ sequence: 2, hash: record?.auditHead });

      // The approval is used up: neither it nor another policy is written.
      const again = { ...deployed, quorums: { test: 1 } };
      const lost = schedulePolicy({ ...deps, deployed: again }, asked, () => end('executed'));
      await expect(lost).rejects.toMatchObject({ name: 'RevisionConflict' });
      expect(await ledger.readDecisionPolicy()).toEqual(record);
    });

    it('uses an approval up with the change that it allows, or does neither', async () => {
      await ledger.commit(aCreation(aKey({ name: 'orders' })));
      const { key } = (await ledger.readKey('orders')) ?? {};
      if (!key) throw new Error('no key');
      const first = { ...aChange(key), approval: end('executed') };
      await ledger.commit(first);
      expect((await ledger.readApproval(approval.id))?.state).toBe('executed');

      const again = { ...aChange(first.key), approval: end('executed') };
      await expect(ledger.commit(again)).rejects.toMatchObject({ name: 'RevisionConflict' });
      expect((await ledger.readKey('orders'))?.key.revision).toBe(first.key.revision);
    });

    it('keeps the last ballot of a request apart from it', async () => {
      expect(await ledger.readBallot(approval.id)).toBeNull();
      await ledger.putBallot(approval.id, 'sealed-1');
      await ledger.putBallot(approval.id, 'sealed-2');
      expect(await ledger.readBallot(approval.id)).toBe('sealed-2');
      expect(JSON.stringify(await ledger.readApproval(approval.id))).not.toContain('sealed');
    });
  });
}
