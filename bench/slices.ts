// SPDX-License-Identifier: Apache-2.0
// Fair comparison on a machine that others use too: those compared take turns in short slices, so that a load
// from outside meets all of them, and the ratio is the median of the ratios of neighbouring slices.
import type { Slice } from './load.ts';
import type { Server } from './servers.ts';

/** One of those compared. */
export interface Contestant {
  /** The server whose processor time counts; none for calls in this process. */
  readonly server?: Server;
  slice(seconds: number): Promise<Slice>;
}

/** All slices of one contestant. */
export interface Tally {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server, in microseconds. */
  readonly cpuPerCall: number;
  /** Calls a second by slice. */
  readonly rates: readonly number[];
}

/** How long and how often. */
export interface Pace {
  readonly rounds: number;
  readonly sliceSeconds: number;
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below which this share of them is. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function timed(contestant: Contestant, seconds: number) {
  const before = contestant.server?.cpuMilliseconds() ?? 0;
  const slice = await contestant.slice(seconds);
  return { ...slice, cpu: (contestant.server?.cpuMilliseconds() ?? 0) - before };
}

function tally(slices: readonly (Slice & { readonly cpu: number })[]): Tally {
  const times = slices.flatMap((slice) => slice.times);
  const rates = slices.map(({ perSecond }) => perSecond);
  const calls = slices.reduce((sum, slice) => sum + slice.calls, 0);
  const cpu = slices.reduce((sum, slice) => sum + slice.cpu, 0);
  return {
    perSecond: median(rates),
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    cpuPerCall: (cpu * 1000) / calls,
    rates,
  };
}

/** Lets the contestants take turns; answers their tallies in the same order. */
export async function takeTurns(
  pace: Pace,
  contestants: readonly Contestant[],
): Promise<readonly Tally[]> {
  const slices = contestants.map((): (Slice & { readonly cpu: number })[] => []);
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const [index, contestant] of contestants.entries()) {
      slices[index]?.push(await timed(contestant, pace.sliceSeconds));
    }
  }
  return slices.map(tally);
}

/** The median of the ratios of neighbouring slices. */
export function ratioOf(ours: Tally, theirs: Tally): number {
  return median(ours.rates.map((rate, index) => rate / (theirs.rates[index] ?? Number.NaN)));
}
