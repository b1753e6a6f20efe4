// SPDX-License-Identifier: Apache-2.0
// Use case: have a quorum look at what somebody did alone, until it has. The call itself asks first; a schedule asks when
// that was lost, and again when a request ended without closing the review.
import { breakGlassReview, type ReviewDeps } from '../approvals/acts/break-glass-review.ts';
import type { ApprovalRecord } from '../approvals/records.ts';
import { isError, KeyturnError } from '../errors.ts';
import type { Principal } from '../ports/platform.ts';
import type { ReviewTask, ReviewTasks } from '../ports/reviews.ts';
import { later } from './admit-operation.ts';
import { type RequestApprovalDeps, requestApproval } from './request-approval.ts';

export type AskReviewsDeps = RequestApprovalDeps & ReviewDeps & { readonly reviews: ReviewTasks };

/** Between two looks at a request that is open. */
const LOOK_SECONDS = 900;
/** Custodians who said no have said something: they are asked again a day later. Where nobody decided, at once. */
const DENIED_SECONDS = 86_400;
/** A look takes up so many; the next one takes the rest. */
const PAGE = 100;

const isOpen = ({ state }: ApprovalRecord) => state === 'pending' || state === 'approved';

const lastOf = ({ approvals }: AskReviewsDeps, { approvalId }: ReviewTask) =>
  approvalId === null ? null : approvals.readApproval(approvalId);

/** The one who acted is the one who asks, whoever sends the call: then they do not vote on it. */
function requesterOf(task: ReviewTask, last: ApprovalRecord | null, sender: Principal | null) {
  const name = (sender?.id === task.by ? sender.name : last?.requesterName) ?? null;
  return { id: task.by, kind: 'person' as const, groups: [], name };
}

async function ask(
  deps: AskReviewsDeps,
  task: ReviewTask,
  last: ApprovalRecord | null,
  sender: Principal | null,
): Promise<string> {
  const { operationId, key, parameters, reason, asked } = task;
  const { id: approvalId } = await requestApproval<ReviewDeps>(deps, breakGlassReview, {
    action: 'break-glass.review',
    request: { key, version: null, operationId, parameters },
    by: requesterOf(task, last, sender),
    decision: { effect: 'permit', rule: 'reviews-are-asked-for' },
    reason,
    // Asked twice at once, it is one request.
    claim: { scope: `review/${operationId}/${asked}`, bodyHash: operationId },
  });
  const dueAt = later(deps.clock.now(), LOOK_SECONDS);
  await write(deps, { ...task, asked: asked + 1, approvalId, dueAt });
  return approvalId;
}

/** Whoever was faster looked at the same. */
async function write({ reviews }: AskReviewsDeps, task: ReviewTask): Promise<void> {
  try {
    await reviews.writeReview({ ...task, revision: task.revision + 1 });
  } catch (error) {
    if (!isError(error, 'RevisionConflict')) throw error;
  }
}

/**
 * Asks for the review of what a person has just done alone, or did before.
 * @returns the request that is open now; null: no review is
 * @throws KeyturnError `ApprovalImpossible`, and what reads and writes answer
 */
export async function askReview(
  deps: AskReviewsDeps,
  operationId: string,
  sender: Principal,
): Promise<string | null> {
  const task = await deps.reviews.readReview(operationId);
  if (!task || task.dueAt === null) return null;
  const last = await lastOf(deps, task);
  return last && isOpen(last) ? last.id : ask(deps, task, last, sender);
}

/** When a quorum is asked again. */
function againAt(last: ApprovalRecord | null, now: string): string {
  if (last && isOpen(last)) return later(now, LOOK_SECONDS);
  const denial = last?.state === 'denied' ? last.votes.at(-1) : undefined;
  return denial ? later(denial.at, DENIED_SECONDS) : now;
}

/** @returns whether a quorum was asked */
async function tend(deps: AskReviewsDeps, operationId: string): Promise<boolean> {
  const now = deps.clock.now();
  const task = await deps.reviews.readReview(operationId);
  // The list lags behind: the row says whether it is due.
  if (!task || task.dueAt === null || task.dueAt > now) return false;
  const last = await lastOf(deps, task);
  const dueAt = againAt(last, now);
  if (dueAt > now) {
    await write(deps, { ...task, dueAt });
    return false;
  }
  try {
    await ask(deps, task, last, null);
    return true;
  } catch (error) {
    if (!isError(error, 'TransitionForbidden', 'KeyNotFound', 'OperationNotFound')) throw error;
    // A quorum has closed it.
    await write(deps, { ...task, dueAt: null });
    return false;
  }
}

/**
 * Asks again for every review that is due. One that cannot be asked for now, such as without a quorum of people, is due
 * still, and in nobody's way.
 * @returns how many were asked for, and how many could not be
 */
export async function tendReviews(
  deps: AskReviewsDeps,
): Promise<{ readonly asked: number; readonly failed: number }> {
  let asked = 0;
  let failed = 0;
  for (const id of await deps.reviews.listDueReviews(deps.clock.now(), PAGE)) {
    try {
      if (await tend(deps, id)) asked += 1;
    } catch (error) {
      if (!(error instanceof KeyturnError)) throw error;
      failed += 1;
    }
  }
  return { asked, failed };
}
