// SPDX-License-Identifier: Apache-2.0
// KMS keys that no record knows: CreateKey takes no client token, so a lost answer can leave one. Which keys that may
// concern is a row's, not a walk's, to say: a version made with a second try, or undone with a try unanswered, marks
// its key, and only while a mark is due does a sweep list the account's keys. Without faults no sweep does.
import { isError } from '../errors.ts';
import type { Instant, OrphanSearch } from '../keys/records.ts';
import type { KeyRemover, OrphanFinder, UnrecordedKey } from '../ports/key-vault.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { SCHEDULE } from './admit-due.ts';
import { later } from './admit-operation.ts';
import { mutateKey } from './mutate-key.ts';

/** Looks go on for so long: by then a late answer has come, KMS lists the key, and its grace is over. */
const SEARCH_SECONDS = 3000;
const BETWEEN_LOOKS_SECONDS = 600;

/** A search that begins with the next sweep. */
export function searchFrom(at: Instant): OrphanSearch {
  return { since: at, nextAt: at };
}

/** When the last look of a search comes, with the sweep behind it. */
export const searchEnds = ({ since }: OrphanSearch): Instant => later(since, SEARCH_SECONDS);

/** True when a look is due for the key; the next one is noted, or the search ends with this one. */
export async function isSearchDue(
  deps: { readonly ledger: Ledger; readonly clock: Clock },
  name: string,
): Promise<boolean> {
  try {
    return await mutateKey(deps.ledger, name, ({ key }) => {
      const now = deps.clock.now();
      const search = key.orphanSearch ?? null;
      if (search === null || search.nextAt > now) return { draft: null, result: false };
      const isLast = searchEnds(search) <= now;
      const next = { ...search, nextAt: later(now, BETWEEN_LOOKS_SECONDS) };
      const draft = {
        key: { orphanSearch: isLast ? null : next },
        audit: {
          at: now,
          actor: SCHEDULE,
          action: 'orphan.searched',
          decision: { effect: 'permit' as const, rule: 'sweep-removes-orphans' },
          operationId: null,
          detail: { since: search.since, isLast },
        },
      };
      return { draft, result: true };
    });
  } catch (error) {
    // The key changes all the time: its mark stays, and this sweep looks anyway.
    if (isError(error, 'RevisionConflict')) return true;
    throw error;
  }
}

export interface OrphanDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly orphans: OrphanFinder;
  readonly remover: KeyRemover;
}

/** Why a KMS key that says it is unrecorded is left or scheduled for deletion. */
export type OrphanVerdict = 'recorded' | 'young' | 'adoptable' | 'foreign' | 'orphan';

async function judge(
  deps: OrphanDeps,
  key: UnrecordedKey,
  graceSeconds: number,
): Promise<OrphanVerdict> {
  if (await deps.ledger.findRecordedKey(key.keyId)) return 'recorded';
  if (later(key.createdAt, graceSeconds) > deps.clock.now()) return 'young';
  const operation = await deps.ledger.readOperation(key.provenance.operationId);
  // [INV-02] a key whose operation nobody knows is never removed. The table may have lost rows, and deleting then
  // could destroy the last copy of a key.
  if (!operation || operation.key !== key.provenance.name) return 'foreign';
  const version = await deps.ledger.readVersion(operation.key, operation.version);
  const isOpen = operation.state === 'running' || operation.state === 'parked';
  return isOpen && version?.keyId === null ? 'adoptable' : 'orphan';
}

/** The intent is recorded first: a deletion that nobody could explain would be worse than one too many rows. */
async function removeOrphan(deps: OrphanDeps, key: UnrecordedKey): Promise<void> {
  await mutateKey(deps.ledger, key.provenance.name, () => ({
    draft: {
      audit: {
        at: deps.clock.now(),
        actor: SCHEDULE,
        action: 'orphan.deletion-intended',
        decision: { effect: 'permit', rule: 'sweep-removes-orphans' },
        operationId: key.provenance.operationId,
        detail: { keyId: key.keyId, version: key.provenance.version },
      },
    },
    result: undefined,
  }));
  await deps.remover.scheduleDeletion(key.keyId, 7);
}

/** Looks at one page of unrecorded KMS keys. @returns how many were judged what, and where to go on. */
export async function sweepOrphans(
  deps: OrphanDeps,
  stage: string,
  cursor: string | null,
  graceSeconds: number,
): Promise<{ verdicts: Record<OrphanVerdict, number>; nextCursor: string | null }> {
  const verdicts = { recorded: 0, young: 0, adoptable: 0, foreign: 0, orphan: 0 };
  const page = await deps.orphans.listUnrecorded(stage, cursor);
  for (const key of page.keys.filter(({ state }) => state !== 'other')) {
    const verdict = await judge(deps, key, graceSeconds);
    verdicts[verdict] += 1;
    if (verdict === 'orphan') await removeOrphan(deps, key);
  }
  return { verdicts, nextCursor: page.nextCursor };
}
