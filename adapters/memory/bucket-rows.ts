// SPDX-License-Identifier: Apache-2.0
// Buckets in memory, for unit tests and simulation.
import type { BucketRows, BucketState } from '#core/ports/rate-budget.ts';

const UNUSED: BucketState = { routineUntil: 0, priorityUntil: 0 };

export class MemoryBucketRows implements BucketRows {
  readonly #rows = new Map<string, BucketState>();
  /** Conditional writes that were tried, for the cost of a budget. */
  writes = 0;

  async read(bucket: string): Promise<BucketState> {
    return this.#rows.get(bucket) ?? UNUSED;
  }

  async replace(bucket: string, seen: BucketState, next: BucketState): Promise<BucketState | null> {
    this.writes += 1;
    const found = this.#rows.get(bucket) ?? UNUSED;
    if (found.routineUntil !== seen.routineUntil || found.priorityUntil !== seen.priorityUntil)
      return found;
    this.#rows.set(bucket, next);
    return null;
  }
}
