// SPDX-License-Identifier: Apache-2.0
// Time as the emulator sees it. Everything that waits compares instants; nothing sleeps to change state.

/** Answers the current time in epoch milliseconds. */
export type Clock = () => number;

/** The host's clock. */
export const systemClock: Clock = () => Date.now();

/** A clock that can be set forward or back. */
export interface SettableClock {
  readonly now: Clock;
  /** The clock underneath, for what must not move with it. */
  readonly base: Clock;
  offsetMilliseconds: number;
}

/** A settable clock that begins equal to another. */
export function settableClock(base: Clock): SettableClock {
  const clock = { base, offsetMilliseconds: 0, now: () => base() + clock.offsetMilliseconds };
  return clock;
}

/** AWS's JSON 1.1 timestamps: epoch seconds with milliseconds as the fraction. */
export function epochSeconds(milliseconds: number): number {
  return milliseconds / 1000;
}
