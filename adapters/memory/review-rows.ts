// SPDX-License-Identifier: Apache-2.0
// Reviews to be asked for, in memory.
import { KeyturnError } from '#core/errors.ts';
import type { ReviewTask, ReviewTasks } from '#core/ports/reviews.ts';
import { dueNames } from './due-names.ts';

export class MemoryReviewRows implements ReviewTasks {
  readonly #tasks = new Map<string, ReviewTask>();

  /** Writes the first one, with what was done. */
  put(task: ReviewTask | undefined): void {
    if (task) this.#tasks.set(task.operationId, structuredClone(task));
  }

  async readReview(operationId: string): Promise<ReviewTask | null> {
    return structuredClone(this.#tasks.get(operationId) ?? null);
  }

  async listDueReviews(before: string, limit: number): Promise<readonly string[]> {
    return dueNames(this.#tasks.values(), ({ operationId }) => operationId, before, limit);
  }

  async writeReview(task: ReviewTask): Promise<void> {
    if (this.#tasks.get(task.operationId)?.revision !== task.revision - 1)
      throw new KeyturnError('RevisionConflict', `the review of ${task.operationId} moved`);
    this.put(task);
  }
}
