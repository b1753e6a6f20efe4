// SPDX-License-Identifier: Apache-2.0
// Requests for approval as the API shows them.
import type { z } from 'zod';
import { eligibleNow, tally } from '#core/approvals/quorum.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { canonicalRequest } from '#core/approvals/request-digest.ts';
import type * as contract from '#core/contract/approvals.ts';
import type { Elector } from '#core/policies/approval-rules.ts';

/** A request, as somebody sees it who is `viewer`. */
export function approvalView(
  approval: ApprovalRecord,
  people: readonly Elector[],
  viewer: string,
): z.infer<typeof contract.Approval> {
  const { counted, missing } = tally(approval, people);
  const hasVoted = approval.votes.some(({ by }) => by === viewer);
  const mayVote =
    approval.state === 'pending' && !hasVoted && eligibleNow(approval, people, viewer);
  return {
    id: approval.id,
    action: approval.action,
    key: approval.key,
    state: approval.state,
    cause: approval.cause,
    what: approval.what,
    requestedBy: approval.requestedBy,
    requesterName: approval.requesterName,
    reason: approval.reason,
    requestedAt: approval.requestedAt,
    expiresAt: approval.closesAt,
    required: approval.rule.required,
    approvals: counted.length,
    missing: [...missing],
    votes: approval.votes.map((vote) => ({ ...vote })),
    roster: approval.roster.map(({ sub, user, groups, teams }) => ({
      sub,
      user,
      groups: [...groups],
      teams: [...teams],
    })),
    digest: approval.digest,
    canonical: canonicalRequest(approval),
    blast: { ...approval.blast, topOwners: [...approval.blast.topOwners] },
    approvedAt: approval.approvedAt,
    executeBefore: approval.executeBefore,
    executedAs: approval.executedAs,
    mayVote: Boolean(mayVote),
    undelivered: [...approval.undelivered],
  };
}

/** Answer to an act that waits for approvals. */
export function approvalAnswer({ id, digest, closesAt }: ApprovalRecord) {
  return {
    body: { operationId: null, approvalId: id, digest, expiresAt: closesAt },
    headers: { location: `/v1/approvals/${id}` },
  };
}
