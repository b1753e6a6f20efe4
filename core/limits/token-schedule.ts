// SPDX-License-Identifier: Apache-2.0
// The arithmetic of a bucket: calls are spread evenly, so many milliseconds apart (a "generic cell rate" schedule).
// The state is one instant per lane, which is why a bucket is one small row and a lease of many slots one write.
//
// The routine lane has the configured share of the quota. The priority lane takes from the rest of it at once, and
// what it takes is charged to the routine lane: over time Keyturn as a whole keeps to its share, and at no moment do
// these two lanes together go beyond the quota.
//
// The incident lane has nearly all of the quota, in one row with the priority lane, and holds the routine lane back. What
// routine callers had leased before they still use, for as long as a lease reaches (two seconds): in that time alone
// KMS may be asked for more than its quota, and throttles.
import type { BucketState, Lane } from '../ports/rate-budget.ts';

/** Rates of one bucket. */
export interface BucketRates {
  /** KMS's quota, calls per second. */
  readonly quota: number;
  /** Share of it that is Keyturn's, above 0 and below 1. */
  readonly share: number;
}

/** Slots at equal distance: the first at `from`, in milliseconds since 1970. */
export interface SlotLease {
  readonly from: number;
  readonly every: number;
  readonly count: number;
}

export type Reservation =
  | { readonly lease: SlotLease; readonly next: BucketState }
  | { readonly lease: null; readonly waitMilliseconds: number };

/**
 * Share of the quota that the incident lane has, whatever Keyturn's share is: while thousands of keys are to be stopped
 * that goes before other teams' administrative calls. Not all of it, as KMS counts by its own clock.
 */
export const INCIDENT_SHARE = 0.98;

/** Milliseconds between two calls of a lane. */
export function intervalOf({ quota, share }: BucketRates, lane: Lane): number {
  const shares: Readonly<Record<Lane, number>> = {
    routine: share,
    priority: 1 - share,
    incident: INCIDENT_SHARE,
  };
  return 1000 / (quota * shares[lane]);
}

/**
 * Takes the next free slots of a lane.
 * @param horizon how far ahead a slot may lie, in milliseconds: a lease can be shorter than wanted, never later
 */
export function reserve(
  state: BucketState,
  rates: BucketRates,
  request: { readonly lane: Lane; readonly count: number; readonly horizon: number },
  now: number,
): Reservation {
  const { lane, horizon } = request;
  const every = intervalOf(rates, lane);
  const from = Math.max(now, lane === 'routine' ? state.routineUntil : state.priorityUntil);
  const ahead = from - now;
  if (ahead > horizon) return { lease: null, waitMilliseconds: ahead - horizon };
  const count = Math.max(1, Math.min(request.count, Math.floor((horizon - ahead) / every) + 1));
  const lease = { from, every, count };
  const until = from + count * every;
  if (lane === 'routine') return { lease, next: { ...state, routineUntil: until } };
  if (lane === 'incident') {
    const next = { routineUntil: Math.max(state.routineUntil, until), priorityUntil: until };
    return { lease, next };
  }
  const routineUntil = Math.max(now, state.routineUntil) + count * intervalOf(rates, 'routine');
  return { lease, next: { routineUntil, priorityUntil: until } };
}
