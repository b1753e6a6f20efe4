// SPDX-License-Identifier: Apache-2.0
// How much a key is used in an hour, beside what is usual for it. Hours are those of the calls, so that what CloudTrail tells
// late counts where it belongs; a batch that is delivered again counts again, which a factor well above 2 leaves room for.
import type { Instant } from '../keys/records.ts';
import { later } from '../operations/admit-operation.ts';
import type { SpikeRule } from '../policies/detection-rules.ts';
import type { KeyUseLog } from '../ports/key-use-log.ts';

const DAY_SECONDS = 86_400;

/** An hour in which a key was used far more than in any of the days before. */
export interface Spike {
  readonly hour: Instant;
  readonly calls: number;
  /** The busiest hour of the days before, in calls. */
  readonly usual: number;
}

/** The first instant of the hour of an instant. */
export const hourOf = (at: Instant): Instant => `${at.slice(0, 13)}:00:00.000Z`;

/** Counts the uses of one key, and finds hours that are far above what is usual. */
export async function spikesOf(
  log: Pick<KeyUseLog, 'addHours' | 'readHours'>,
  rule: SpikeRule,
  key: string,
  uses: readonly { readonly at: Instant }[],
): Promise<readonly Spike[]> {
  const byHour = Map.groupBy(uses, ({ at }) => hourOf(at));
  const hours = [...byHour].map(([hour, { length: calls }]) => ({ key, hour, calls }));
  const totals = await log.addHours(hours);
  const spikes: Spike[] = [];
  // Most hours of most keys end here, without a read.
  for (const { hour, calls } of totals.filter((total) => total.calls >= rule.floor)) {
    const before = await log.readHours(key, later(hour, -rule.days * DAY_SECONDS), hour);
    const isKnown = before.some((one) => one.hour <= later(hour, -rule.knownDays * DAY_SECONDS));
    const usual = Math.max(0, ...before.map((one) => one.calls));
    if (isKnown && calls >= rule.factor * usual) spikes.push({ hour, calls, usual });
  }
  return spikes;
}
