// SPDX-License-Identifier: Apache-2.0
// What every store of reviews to be asked for does: they begin with what somebody does, and are found when they are due.
import { beforeEach, describe, expect, it } from 'vitest';
import { denialOf } from '#core/keys/scopes.ts';
import { linkedScope } from '#core/operations/contain-scope.ts';
import type { Ledger } from '#core/ports/ledger.ts';
import type { ReviewTask, ReviewTasks } from '#core/ports/reviews.ts';
import type { ScopeContainments } from '#core/ports/scope-containments.ts';
import { aScope } from '#test/adapters/contract/scope-rows.contract.ts';
import { aChange, aCreation, aKey, anAuditEntry } from '#test/support/records.ts';

export interface ReviewStores {
  readonly reviews: ReviewTasks;
  readonly ledger: Ledger;
  readonly scopes: ScopeContainments;
}

const aTask = (operationId: string, dueAt: string | null): ReviewTask => ({
  ...{ operationId, key: 'orders', parameters: {}, by: 'usr_alice', reason: 'now' },
  ...{ asked: 0, approvalId: null, dueAt, revision: 1 },
});
const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, '0')}:00.000Z`;

export function describeReviewRows(title: string, fresh: () => Promise<ReviewStores>): void {
  describe(`${title}: reviews to be asked for`, () => {
    let { reviews, ledger, scopes }: Partial<ReviewStores> = {};
    beforeEach(async () => {
      ({ reviews, ledger, scopes } = await fresh());
      await ledger.commit(aCreation(aKey(), { review: aTask('op_2', at(5)) }));
    });

    it('begin with the change of a key or of a scope, or not at all', async () => {
      const change = linkedScope(null, aScope('scp_1'), anAuditEntry());
      const denial = { add: denialOf(change.containment, []) };
      await scopes?.commitScope({ ...change, denial, review: aTask('scp_1', at(1)) });
      const stale = aChange(aKey({ revision: 7 }), {}, { review: aTask('op_3', at(1)) });
      await expect(ledger?.commit(stale)).rejects.toMatchObject({ name: 'RevisionConflict' });

      expect(await reviews?.readReview('op_2')).toEqual(aTask('op_2', at(5)));
      expect(await reviews?.readReview('scp_1')).toEqual(aTask('scp_1', at(1)));
      expect(await reviews?.readReview('op_3')).toBeNull();
      expect(await reviews?.listDueReviews(at(5), 10)).toEqual(['scp_1', 'op_2']);
      expect(await reviews?.listDueReviews(at(5), 1)).toEqual(['scp_1']);
      expect(await reviews?.listDueReviews(at(4), 10)).toEqual(['scp_1']);
    });

    it('move on at their revision, and are found no more when they are over', async () => {
      const asked = { ...aTask('op_2', at(9)), asked: 1, approvalId: 'apr_1', revision: 2 };
      await reviews?.writeReview(asked);
      await expect(reviews?.writeReview(asked)).rejects.toMatchObject({ name: 'RevisionConflict' });
      expect(await reviews?.readReview('op_2')).toEqual(asked);
      expect(await reviews?.listDueReviews(at(8), 10)).toEqual([]);
      expect(await reviews?.listDueReviews(at(9), 10)).toEqual(['op_2']);
      await reviews?.writeReview({ ...asked, dueAt: null, revision: 3 });
      expect(await reviews?.listDueReviews(at(59), 10)).toEqual([]);
    });
  });
}
