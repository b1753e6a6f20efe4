// SPDX-License-Identifier: Apache-2.0
// Use case: somebody tried to use a version that is on its way out. Before its deletion is scheduled that takes it back by
// itself: a reader that nobody knew of is worth more than the plan. After that it alarms, and people decide.
import type { KeyUse } from '../contract/key-use-events.ts';
import { isLeaving } from '../keys/destruction.ts';
import type { Instant, VersionRecord } from '../keys/records.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { type AdvanceDeps, destructionDraft, stopDraft } from './advance-destruction.ts';
import { type Draft, mutateKey } from './mutate-key.ts';

const WATCHER = 'system/key-use';

/** The uses of a version that fall into its destruction, and behind those that were seen. */
function newUses(head: VersionRecord, uses: readonly WatchedUse[]): readonly Instant[] {
  const { destruction } = head;
  if (!destruction || !isLeaving(destruction)) return [];
  // CloudTrail tells whole seconds: a use in the second in which it began counts, on the safe side.
  const from = `${destruction.begunAt.slice(0, 19)}.000Z`;
  const { lastUseAt } = destruction;
  return uses
    .filter(({ version, at }) => destruction.versions.includes(version) && at >= from)
    .filter(({ at }) => lastUseAt === null || at > lastUseAt)
    .map(({ at }) => at)
    .sort();
}

export interface WatchedUse extends Pick<KeyUse, 'principal' | 'outcome' | 'at'> {
  readonly version: number;
}

/** Whether any of these uses is of a version that is on its way out. */
export function isWatched(snapshot: KeySnapshot, uses: readonly WatchedUse[]): boolean {
  return snapshot.versions.some((head) => newUses(head, uses).length > 0);
}

function draftFor(snapshot: KeySnapshot, uses: readonly WatchedUse[], now: Instant): Draft | null {
  const head = snapshot.versions.find((one) => newUses(one, uses).length > 0);
  if (!head?.destruction) return null;
  const seen = newUses(head, uses);
  const last = seen.at(-1) ?? now;
  const who = uses.find(
    ({ at, version }) => at === last && head.destruction?.versions.includes(version),
  );
  const record = {
    ...head.destruction,
    uses: head.destruction.uses + seen.length,
    lastUseAt: last,
  };
  const detail = {
    phase: record.phase,
    principal: who?.principal ?? null,
    outcome: who?.outcome ?? null,
    usedAt: last,
    uses: record.uses,
  };
  if (record.phase === 'pending')
    return destructionDraft(snapshot, head, record, {
      at: now,
      actor: WATCHER,
      action: 'destruction.used',
      rule: 'key-use-record',
      detail,
    });
  const reason = `used by ${detail.principal} at ${last} (${detail.outcome})`;
  const draft = stopDraft(snapshot, head, record, {
    by: WATCHER,
    reason,
    now,
    rule: 'a-use-takes-it-back',
  });
  const audit = {
    ...draft.audit,
    action: 'destruction.used',
    detail: { ...draft.audit.detail, ...detail },
  };
  return { ...draft, audit };
}

/** Records uses of versions on their way out, and takes back what may still be taken back. @returns how many */
export async function watchDestruction(
  { ledger, clock }: AdvanceDeps,
  key: string,
  uses: readonly WatchedUse[],
): Promise<number> {
  let changed = 0;
  // One transaction a version: several of a key are seldom on their way out at once.
  for (let isOver = false; !isOver; ) {
    isOver = await mutateKey<boolean>(ledger, key, (snapshot) => {
      const draft = draftFor(snapshot, uses, clock.now());
      return { draft, result: draft === null };
    });
    if (!isOver) changed += 1;
  }
  return changed;
}
