// SPDX-License-Identifier: Apache-2.0
// Use case: say loudly, and once for each containment, which consumers have not said in time that their caches are empty.
// The end of a watch and the audit record that the event is made of are one transaction on the key, so two looks at the
// same time tell once. A containment that replaced the watched one is told of on its own.
import { isError } from '../errors.ts';
import { containmentOf } from '../keys/consumers.ts';
import { laggards, nextWatch } from '../keys/purge-watch.ts';
import type { Instant } from '../keys/records.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import type { PurgeWatch, PurgeWatches } from '../ports/purge-watches.ts';
import { later } from './admit-operation.ts';
import { type Draft, mutateKey } from './mutate-key.ts';

export interface WatchPurgesDeps {
  readonly ledger: Ledger;
  readonly purgeWatches: PurgeWatches;
  readonly clock: Clock;
}

export interface PurgeLook {
  /** Consumers that this look found lagging, and has told of. */
  readonly lagging: number;
  /** Keys that could not be looked at; they are due still. */
  readonly failed: readonly string[];
}

/** Keys of one look; the next one takes the rest. */
const PAGE = 100;
/** No key is begun behind that: who looks has other work in the same minute. */
const SECONDS = 10;

/** Why nobody has to be told; null: somebody has. */
function reasonToEnd(snapshot: KeySnapshot, watch: PurgeWatch, lagging: readonly string[]) {
  const holding = containmentOf(snapshot);
  if (!holding) return 'lifted';
  if (holding.operationId !== watch.operationId) return 'superseded';
  return lagging.length === 0 ? 'purged' : null;
}

function draftOf(snapshot: KeySnapshot, watch: PurgeWatch, now: Instant) {
  const lagging = laggards(snapshot, now);
  const because = reasonToEnd(snapshot, watch, lagging);
  const since = containmentOf(snapshot)?.at ?? null;
  const draft: Draft = {
    purgeWatch: nextWatch(snapshot) ?? { ...watch, dueAt: null },
    audit: {
      at: now,
      actor: 'schedule/purge-watch',
      action: because ? 'consumers.purge-watch-ended' : 'consumers.purge-overdue',
      decision: { effect: 'permit', rule: 'purges-are-watched' },
      operationId: watch.operationId,
      detail: because
        ? { because }
        : { lagging: lagging.join(','), owner: snapshot.key.owner, since },
    },
  };
  return { draft, result: because ? 0 : lagging.length };
}

/** @returns how many consumers were told of */
async function look(deps: WatchPurgesDeps, key: string): Promise<number> {
  return mutateKey<number>(deps.ledger, key, (snapshot) => {
    const now = deps.clock.now();
    const { purgeWatch: watch } = snapshot;
    // The list lags behind: the row says whether it is due.
    if (!watch || watch.dueAt === null || watch.dueAt > now) return { draft: null, result: 0 };
    return draftOf(snapshot, watch, now);
  });
}

/**
 * Looks at the watches that are due, the longest overdue first. One key that fails is in nobody's way.
 * @throws KeyturnError what the list answers
 */
export async function watchPurges(deps: WatchPurgesDeps): Promise<PurgeLook> {
  let lagging = 0;
  const failed: string[] = [];
  const now = deps.clock.now();
  const until = later(now, SECONDS);
  for (const key of await deps.purgeWatches.listDuePurges(now, PAGE)) {
    if (deps.clock.now() >= until) break;
    try {
      lagging += await look(deps, key);
    } catch (error) {
      // A key that was let go has no watch any more; only the list did not know.
      if (!isError(error, 'KeyReleased')) failed.push(key);
    }
  }
  return { lagging, failed };
}
