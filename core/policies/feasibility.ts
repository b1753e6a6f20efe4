// SPDX-License-Identifier: Apache-2.0
// Whether a class can be kept at all: a rotation has to be over before the next is due, and a window has to open in
// between. Checked by the class itself where it is parsed, and, with the waits of a stage, before it is deployed.
import { type AcknowledgementPolicy, DEFAULT_ACKNOWLEDGEMENT } from './acknowledgement.ts';
import { daysBetweenWindows, type SchedulePolicy } from './schedule.ts';

const DAY_SECONDS = 86_400;

/** Waits of a stage, in seconds. */
export interface StageWaits {
  readonly settleSeconds: number;
  readonly bakeSeconds: number;
}

/** What of a class decides. */
export interface Periods {
  readonly rotationDays: number;
  readonly acknowledgement?: AcknowledgementPolicy | undefined;
  readonly schedule?: SchedulePolicy | undefined;
}

const NO_WAITS: StageWaits = { settleSeconds: 0, bakeSeconds: 0 };

/**
 * What is wrong with the periods of a class, with the sum shown; null when a rotation fits between two due dates.
 * @param waits of the stage; none where the class alone is judged
 */
export function periodFault(periods: Periods, waits: StageWaits = NO_WAITS): string | null {
  const { rotationDays, acknowledgement = DEFAULT_ACKNOWLEDGEMENT, schedule } = periods;
  const { windowSeconds, maxExtensions, onDeadline } = acknowledgement;
  const { settleSeconds, bakeSeconds } = waits;
  const windows = onDeadline === 'extend' ? 1 + maxExtensions : 1;
  const period = rotationDays * DAY_SECONDS;
  const jitter = (schedule?.jitterMinutes ?? 0) * 60;
  const needed = settleSeconds + windows * windowSeconds + bakeSeconds + jitter;
  if (needed >= period)
    return `a rotation takes up to ${settleSeconds} s settling + ${windows} x ${windowSeconds} s for acknowledgements + ${bakeSeconds} s baking + ${jitter} s jitter = ${needed} s, and is due every ${rotationDays} d = ${period} s: rotate less often or wait less`;
  const gap = schedule ? daysBetweenWindows(schedule) : 0;
  if (gap > rotationDays)
    return `windows open up to ${gap} d apart, and a rotation is due every ${rotationDays} d: open more windows or rotate less often`;
  return null;
}
