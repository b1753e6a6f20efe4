// SPDX-License-Identifier: Apache-2.0
// Reviews that are to be asked for: work that begins with what somebody did alone, in the same transaction, and ends when
// no review of it is open. Whether one is, is said by the record of what was stopped; these rows only see to the asking.
import type { ApprovalParameters } from '../approvals/records.ts';
import type { Instant } from '../keys/records.ts';

export interface ReviewTask {
  /** The operation, containment or recovery that was begun alone. */
  readonly operationId: string;
  /** Null: it is no key that was stopped; `parameters` say what. */
  readonly key: string | null;
  readonly parameters: ApprovalParameters;
  readonly by: string;
  readonly reason: string | null;
  /** How often a quorum was asked, and by which request last. */
  readonly asked: number;
  readonly approvalId: string | null;
  /** When it is to be looked at next; null: it is over. */
  readonly dueAt: Instant | null;
  /** 1 for the first; one more with each change. */
  readonly revision: number;
}

/** Reads are strongly consistent except the list, which only finds candidates. */
export interface ReviewTasks {
  readReview(operationId: string): Promise<ReviewTask | null>;
  /** Ids of operations, the longest overdue first. */
  listDueReviews(before: Instant, limit: number): Promise<readonly string[]>;
  /** @throws KeyturnError `RevisionConflict` unless the task was at the revision before */
  writeReview(task: ReviewTask): Promise<void>;
}
