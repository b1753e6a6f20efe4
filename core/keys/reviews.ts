// SPDX-License-Identifier: Apache-2.0
// The review of what somebody does alone, as it begins.
import type { ReviewTask } from '../ports/reviews.ts';
import type { KeyRecord } from './records.ts';

/** Who acted alone asks for the review in the same call; what was lost of that is made good so much later. */
const GRACE_SECONDS = 60;

/** The task that is written with what was done. */
export function firstReview(
  done: Pick<ReviewTask, 'operationId' | 'key' | 'parameters' | 'by' | 'reason'>,
  now: string,
): ReviewTask {
  const dueAt = new Date(Date.parse(now) + GRACE_SECONDS * 1000).toISOString();
  return { ...done, asked: 0, approvalId: null, dueAt, revision: 1 };
}

/** The same as a part of the change by which somebody acts; nothing of it where nobody acted alone. */
export function reviewWith(
  { isEmergency, by, reason }: { isEmergency: boolean; by: string; reason: string },
  done: Pick<ReviewTask, 'operationId' | 'key' | 'parameters'>,
  now: string,
): { readonly review?: ReviewTask } {
  return isEmergency ? { review: firstReview({ ...done, by, reason }, now) } : {};
}

/** What of a key changes by it: another review of it is open. */
export function openReviewsWith(
  { isEmergency, by }: { isEmergency: boolean; by: string },
  { openReviews = [] }: Pick<KeyRecord, 'openReviews'>,
  operationId: string,
  at: string,
): Pick<KeyRecord, 'openReviews'> {
  return isEmergency ? { openReviews: [...openReviews, { operationId, by, at }] } : {};
}
