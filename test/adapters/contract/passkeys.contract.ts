// SPDX-License-Identifier: Apache-2.0
// What every ledger of passkeys must hold.
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { toApprovalChange } from '#core/operations/mutate-approval.ts';
import type { ApprovalLedger } from '#core/ports/approvals.ts';
import type { Passkeys, PasskeysChange } from '#core/ports/passkeys.ts';
import { aPasskey, SoftwarePasskey } from '#test/support/passkey.ts';
import { anApproval, anAuditEntry } from '#test/support/records.ts';

type Tested = ApprovalLedger & Passkeys;

const PASSKEY = aPasskey(new SoftwarePasskey(), 'bob');

export function describePasskeys(title: string, fresh: () => Promise<Tested>): void {
  describe(`${title}: passkeys`, () => {
    let ledger: Tested;
    let approval: ApprovalRecord;
    beforeEach(async () => {
      ledger = await fresh();
      const entry = anAuditEntry({ action: 'approval.requested' });
      const created = toApprovalChange(anApproval(), {}, entry);
      await ledger.commitApproval({ ...created, expectedRevision: null });
      approval = created.approval;
    });
    const changing = (expectedRevision: number | null, of = approval): PasskeysChange => ({
      expectedRevision,
      passkeys: {
        items: [{ ...PASSKEY, signCount: expectedRevision ?? 0 }],
        revision: (expectedRevision ?? 0) + 1,
      },
      approval: toApprovalChange(of, {}, anAuditEntry({ action: 'approval.voted' })),
    });
    const conflict = { name: 'RevisionConflict' };

    it('reads back what was written together with the approval', async () => {
      expect(await ledger.readPasskeys()).toBeNull();
      await ledger.commitPasskeys(changing(null));

      expect(await ledger.readPasskeys()).toEqual({ items: [PASSKEY], revision: 1 });
      expect((await ledger.readApproval(approval.id))?.revision).toBe(approval.revision + 1);
    });

    it('writes neither when the record moved, and neither when the approval did', async () => {
      await expect(ledger.commitPasskeys(changing(7))).rejects.toMatchObject(conflict);
      expect((await ledger.readApproval(approval.id))?.revision).toBe(approval.revision);
      const change = changing(null);
      const entry = anAuditEntry({ action: 'approval.denied' });
      await ledger.commitApproval(toApprovalChange(approval, { state: 'denied' }, entry));

      await expect(ledger.commitPasskeys(change)).rejects.toMatchObject(conflict);
      expect(await ledger.readPasskeys()).toBeNull();
    });

    it('lets one of two who read the same go on, so that no counter is used twice', async () => {
      await ledger.commitPasskeys(changing(null));
      const now = (await ledger.readApproval(approval.id)) ?? approval;
      const both = await Promise.allSettled([
        ledger.commitPasskeys(changing(1, now)),
        ledger.commitPasskeys(changing(1, now)),
      ]);

      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect((await ledger.readPasskeys())?.revision).toBe(2);
    });
  });
}
