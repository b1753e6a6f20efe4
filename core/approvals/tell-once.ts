// SPDX-License-Identifier: Apache-2.0
// Sends a notice once, although the news of it come at least once. Between what the channel took and the row that says
// so, a crash can make a second one: a notice too many is better than one too few.
import { KeyturnError } from '../errors.ts';
import type { NoticeLog, NoticeSlot, TellOnce } from '../ports/approval-notices.ts';
import type { Clock } from '../ports/platform.ts';

/** Longer than the function that sends may run. */
const TURN_SECONDS = 120;

export interface TellDeps {
  readonly log: NoticeLog;
  readonly clock: Clock;
}

/** A {@link TellOnce} over the log. */
export function tellOnceBy(deps: TellDeps): TellOnce {
  return async (slot, send) => {
    const reference = await earlierOrTurn(deps, slot);
    if (reference !== null) return reference;
    const sent = await send().catch(async (error: unknown) => {
      await deps.log.giveUp(slot);
      throw error;
    });
    await deps.log.finish(slot, deps.clock.now(), sent);
    return sent;
  };
}

/** @returns what was sent earlier; null: it is ours to send now */
async function earlierOrTurn({ log, clock }: TellDeps, slot: NoticeSlot): Promise<string | null> {
  const now = clock.now();
  const until = new Date(Date.parse(now) + TURN_SECONDS * 1000).toISOString();
  const turn = await log.begin(slot, now, until);
  if (turn.state === 'told') return turn.reference;
  if (turn.state === 'begun') return null;
  throw new KeyturnError(
    'DependencyUnavailable',
    `another delivery tells ${slot.channel} of ${slot.approvalId} just now; it is tried again`,
  );
}
