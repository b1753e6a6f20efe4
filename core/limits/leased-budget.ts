// SPDX-License-Identifier: Apache-2.0
// The rate budget over shared buckets. A process leases slots by one conditional write, then waits for each in turn:
// a block of many slots costs what one costs, and a lone call costs one write. Nothing is given back: a slot that is
// not used in its time is lost to everybody, which errs on the side of the quota.

import { KMS_QUOTAS, type KmsBudget, type KmsCall } from '../contract/kms-quotas.ts';
import { KeyturnError } from '../errors.ts';
import type { Clock } from '../ports/platform.ts';
import type {
  BucketRows,
  BucketState,
  BudgetRequest,
  Lane,
  Pause,
  RateBudget,
} from '../ports/rate-budget.ts';
import { type BucketRates, reserve, type SlotLease } from './token-schedule.ts';

/** A slot may be used so late; later, calls of several processes could pile up in one second. */
const SLOT_LIFE_MILLISECONDS = 250;
/** Lost races for one lease before the caller is asked to come back: each loss means that others got theirs. */
const MAX_RACES = 20;
/** KMS's buckets refill every second. */
const BACK_OFF_MILLISECONDS = 1000;

export interface LeasedBudgetDeps {
  readonly rows: BucketRows;
  readonly clock: Clock;
  readonly timer: Pause;
}

export interface BudgetSettings extends Readonly<KmsBudget> {
  /** How long a caller waits for its turn at most, in milliseconds; beyond it is told to come back. */
  readonly patienceMilliseconds: number;
}

/** Name of the bucket that a call draws from. */
export function bucketOf({ call, keyStore }: BudgetRequest): string {
  return keyStore === undefined ? call : `${call}/${keyStore}`;
}

interface Held {
  next: number;
  left: number;
  readonly every: number;
}

/** See the file's head. */
export class LeasedRateBudget implements RateBudget {
  readonly #deps: LeasedBudgetDeps;
  readonly #settings: BudgetSettings;
  readonly #held = new Map<string, Held>();
  readonly #leasing = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, number>();
  readonly #seen = new Map<string, BucketState>();

  constructor(deps: LeasedBudgetDeps, settings: BudgetSettings) {
    this.#deps = deps;
    this.#settings = settings;
  }

  async acquire(request: BudgetRequest): Promise<void> {
    const lane = request.lane ?? 'routine';
    const wait = (await this.#slot(request, lane)) - this.#now();
    if (wait > 0) await this.#deps.timer.pause(wait);
  }

  async backOff(request: BudgetRequest): Promise<void> {
    this.#held.delete(this.#place(request, request.lane ?? 'routine'));
    await this.#exchange(bucketOf(request), (state) => {
      const routineUntil = Math.max(state.routineUntil, this.#now() + BACK_OFF_MILLISECONDS);
      return { next: { ...state, routineUntil }, result: undefined };
    });
  }

  /** When the next slot begins. Callers of one process that find none share one lease instead of racing for it. */
  async #slot(request: BudgetRequest, lane: Lane): Promise<number> {
    const place = this.#place(request, lane);
    this.#count(place, 1);
    try {
      for (;;) {
        const slot = this.#takeHeld(place);
        if (slot !== null) return slot;
        await (this.#leasing.get(place) ?? this.#startLease(request, lane, place));
      }
    } finally {
      this.#count(place, -1);
    }
  }

  #count(place: string, change: number): void {
    this.#waiting.set(place, (this.#waiting.get(place) ?? 0) + change);
  }

  #startLease(request: BudgetRequest, lane: Lane, place: string): Promise<void> {
    const leasing = this.#lease(request, lane, place)
      .then(({ from, every, count }) => {
        this.#held.set(place, { next: from, left: count, every });
      })
      .finally(() => this.#leasing.delete(place));
    this.#leasing.set(place, leasing);
    return leasing;
  }

  #takeHeld(place: string): number | null {
    const held = this.#held.get(place);
    const oldest = this.#now() - SLOT_LIFE_MILLISECONDS;
    for (; held && held.left > 0; ) {
      const slot = held.next;
      held.next += held.every;
      held.left -= 1;
      if (slot >= oldest) return slot;
    }
    return null;
  }

  #lease(request: BudgetRequest, lane: Lane, place: string): Promise<SlotLease> {
    const horizon = this.#settings.patienceMilliseconds;
    return this.#exchange(bucketOf(request), (state) => {
      const count = Math.max(request.upcoming ?? 1, this.#waiting.get(place) ?? 1);
      const asked = { lane, count, horizon };
      const reserved = reserve(state, this.#rates(request.call), asked, this.#now());
      if (reserved.lease) return { next: reserved.next, result: reserved.lease };
      throw new KeyturnError(
        'Throttled',
        `the share of KMS ${request.call} is used up for now; try again in ${Math.ceil(reserved.waitMilliseconds / 1000)} s`,
        { details: { call: request.call, waitMilliseconds: Math.ceil(reserved.waitMilliseconds) } },
      );
    });
  }

  /** Decides on the bucket's state until nobody was faster. What was seen last is tried first: it saves the read. */
  async #exchange<T>(
    bucket: string,
    decide: (state: BucketState) => { next: BucketState; result: T },
  ): Promise<T> {
    let seen = this.#seen.get(bucket) ?? (await this.#deps.rows.read(bucket));
    for (let race = 0; race < MAX_RACES; race += 1) {
      const { next, result } = decide(seen);
      const other = await this.#deps.rows.replace(bucket, seen, next);
      this.#seen.set(bucket, other ?? next);
      if (other === null) return result;
      seen = other;
    }
    throw new KeyturnError(
      'Throttled',
      `many callers ask for ${bucket} at once; try again shortly`,
    );
  }

  #rates(call: KmsCall): BucketRates {
    const quota = this.#settings.quotas[call] ?? KMS_QUOTAS[call];
    return { quota, share: this.#settings.share };
  }

  #place(request: BudgetRequest, lane: Lane): string {
    return `${bucketOf(request)}/${lane}`;
  }

  #now(): number {
    return Date.parse(this.#deps.clock.now());
  }
}
