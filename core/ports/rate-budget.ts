// SPDX-License-Identifier: Apache-2.0
// Ports of the rate budget: one token bucket per KMS operation, and one per key store for cryptographic calls, shared
// by everything of Keyturn that calls KMS in the account.
import type { KmsCall } from '../contract/kms-quotas.ts';

/**
 * `priority` is for what cannot wait behind a sweep of thousands: rotations that people or events asked for. `incident`
 * is for stopping many keys: it has nearly the whole quota, and the other lanes stand back while it is used.
 */
export const LANES = ['routine', 'priority', 'incident'] as const;
export type Lane = (typeof LANES)[number];

export interface BudgetRequest {
  readonly call: KmsCall;
  /** Key store of a cryptographic call; each has a quota of its own. */
  readonly keyStore?: string;
  readonly lane?: Lane;
  /** How many such calls this process is about to make: so many slots are leased at once. 1 when not given. */
  readonly upcoming?: number;
}

export interface RateBudget {
  /**
   * Resolves when one call may be made.
   * @throws KeyturnError `Throttled` when its turn is further away than a caller should wait; ask again later.
   */
  acquire(request: BudgetRequest): Promise<void>;
  /** KMS throttled all the same: everybody waits a moment. */
  backOff(request: BudgetRequest): Promise<void>;
}

/** Until when the slots of a bucket are given out, in milliseconds since 1970, by lane. */
export interface BucketState {
  readonly routineUntil: number;
  readonly priorityUntil: number;
}

/** Where buckets are kept. */
export interface BucketRows {
  /** The state of a bucket; one that nobody used is at zero. Strongly consistent. */
  read(bucket: string): Promise<BucketState>;
  /** Replaces what was seen. @returns null, or the state that was there instead */
  replace(bucket: string, seen: BucketState, next: BucketState): Promise<BucketState | null>;
}

export interface Pause {
  /** Resolves after so many milliseconds. */
  pause(milliseconds: number): Promise<void>;
}
