// SPDX-License-Identifier: Apache-2.0
// Time as the emulator sees it. Everything that waits compares instants; nothing sleeps to change state.

/** Answers the current time in epoch milliseconds. */
export type Clock = () => number;

/** The host's clock. */
export const systemClock: Clock = () => Date.now();

/** AWS's JSON 1.1 timestamps: epoch seconds with milliseconds as the fraction. */
export function epochSeconds(milliseconds: number): number {
  return milliseconds / 1000;
}
