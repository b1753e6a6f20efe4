// SPDX-License-Identifier: Apache-2.0
// Seeded numbers for switches, so that a run can be repeated. Nothing secret depends on them.
import { z } from 'zod';

/** Bounds in seconds, the smaller first. */
export const SecondsRange = z
  .tuple([z.number().min(0).max(3600), z.number().min(0).max(3600)])
  .refine(([min, max]) => min <= max, 'the minimum exceeds the maximum');

/** Mulberry32: a small seeded generator of numbers in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A number of milliseconds drawn from a range of seconds. */
export function drawMilliseconds(
  [min, max]: readonly [number, number],
  random: () => number,
): number {
  return Math.round((min + (max - min) * random()) * 1000);
}
