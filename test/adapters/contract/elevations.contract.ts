// SPDX-License-Identifier: Apache-2.0
// What every ledger of rights for a while must hold.
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { toApprovalChange } from '#core/operations/mutate-approval.ts';
import type { ApprovalLedger } from '#core/ports/approvals.ts';
import type { ElevationRecord, Elevations, ElevationsChange } from '#core/ports/elevations.ts';
import { anApproval, anAuditEntry } from '#test/support/records.ts';

type Tested = ApprovalLedger & Elevations;

const ELEVATION: ElevationRecord = {
  id: 'elv_00000000000000000000000001',
  sub: 'usr_carol',
  user: 'carol',
  group: 'grp_operators',
  reason: null,
  approvalId: 'apr_00000000000000000000000001',
  grantedAt: '2026-03-01T10:00:00.000Z',
  until: '2026-03-01T11:00:00.000Z',
  revokedAt: null,
  revokedBy: null,
};

export function describeElevations(title: string, fresh: () => Promise<Tested>): void {
  describe(`${title}: elevations`, () => {
    let ledger: Tested;
    let approval: ApprovalRecord;
    beforeEach(async () => {
      ledger = await fresh();
      const created = toApprovalChange(
        anApproval(),
        {},
        anAuditEntry({ action: 'approval.requested' }),
      );
      await ledger.commitApproval({ ...created, expectedRevision: null });
      approval = created.approval;
    });
    const granting = (expectedRevision: number | null): ElevationsChange => ({
      expectedRevision,
      elevations: { items: [ELEVATION], revision: (expectedRevision ?? 0) + 1 },
      approval: toApprovalChange(
        approval,
        { state: 'executed' },
        anAuditEntry({ action: 'approval.executed' }),
      ),
    });

    it('reads back what was written together with the approval', async () => {
      expect(await ledger.readElevations()).toBeNull();
      await ledger.commitElevations(granting(null));

      expect(await ledger.readElevations()).toEqual({ items: [ELEVATION], revision: 1 });
      expect((await ledger.readApproval(approval.id))?.state).toBe('executed');
    });

    it('writes neither when the record moved, and neither when the approval did', async () => {
      await expect(ledger.commitElevations(granting(7))).rejects.toMatchObject({
        name: 'RevisionConflict',
      });
      expect((await ledger.readApproval(approval.id))?.state).toBe('pending');
      const change = granting(null);
      const denied = toApprovalChange(
        approval,
        { state: 'denied' },
        anAuditEntry({ action: 'approval.denied' }),
      );
      await ledger.commitApproval(denied);

      await expect(ledger.commitElevations(change)).rejects.toMatchObject({
        name: 'RevisionConflict',
      });
      expect(await ledger.readElevations()).toBeNull();
    });
  });
}
