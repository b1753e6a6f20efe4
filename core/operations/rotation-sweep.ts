// SPDX-License-Identifier: Apache-2.0
// Use cases of the sweep. The index only nominates: each candidate is decided on its strongly consistent record, so
// a late or repeated sweep starts nothing twice (faults F3, F4). It also takes up operations whose execution was
// lost or parked, and says when KMS keys that no record knows are to be looked for.

import type { OperationKind } from '../contract/vocabulary.ts';
import { isError } from '../errors.ts';
import type { DueItem } from '../ports/ledger.ts';
import { type AdmitDueDeps, admitDue, SCHEDULE } from './admit-due.ts';
import { later } from './admit-operation.ts';
import { heldDraft } from './await-acknowledgements.ts';
import { Batches, type Placed, type Start } from './batches.ts';
import { mutateKey } from './mutate-key.ts';
import { type PauseDeps, settlePause } from './pauses.ts';
import { resumeDraft } from './resume-operation.ts';
import { isSearchDue } from './sweep-orphans.ts';

export type SweepDeps = AdmitDueDeps & PauseDeps;

/** One decision of a sweep: what it admitted or resumed, and of which kind. */
interface Decided {
  readonly kind: OperationKind;
  readonly placed: Placed;
}

async function startDue(
  deps: SweepDeps,
  stage: string,
  name: string,
  batches: Batches,
): Promise<Decided | null> {
  const placed = await admitDue(deps, stage, name, (entry) => batches.idFor(entry));
  return placed && { kind: 'rotate-key', placed };
}

/** A new attempt of an operation whose lease ran out or whose parking is over; the old attempt is fenced off. */
async function resumeStale(
  deps: SweepDeps,
  name: string,
  batches: Batches,
): Promise<Decided | null> {
  return mutateKey<Decided | null>(deps.ledger, name, (snapshot) => {
    const { key, operation } = snapshot;
    const now = deps.clock.now();
    if (!key.lease || !operation || key.lease.expiresAt > now) return { draft: null, result: null };
    const held = heldDraft(snapshot, deps.classes, now);
    if (held) return { draft: held, result: null };
    const { draft, placed } = resumeDraft(snapshot, {
      actor: SCHEDULE,
      rule: 'schedule-resumes-stale-operations',
      waits: deps.waits,
      now,
      batchIdFor: (entry) => batches.idFor(entry),
    });
    return { draft, result: { kind: operation.kind, placed } };
  });
}

async function decide(
  deps: SweepDeps,
  stage: string,
  item: DueItem,
  batches: Batches,
): Promise<Decided | null> {
  try {
    return item.kind === 'operation'
      ? await resumeStale(deps, item.name, batches)
      : await startDue(deps, stage, item.name, batches);
  } catch (error) {
    // Another sweep or request was faster, or the key changed: the next sweep looks again.
    if (
      isError(
        error,
        'KeyReleased',
        'OperationInProgress',
        'TransitionForbidden',
        'RevisionConflict',
      )
    )
      return null;
    throw error;
  }
}

/** What a sweep found: executions to start, and counts for the alarms on overdue keys and stuck operations. */
export interface SweepResult {
  readonly starts: readonly Start[];
  /** Operations admitted or resumed, each with its attempt. */
  readonly operations: readonly { readonly operationId: string; readonly attempt: number }[];
  /** Keys more than {@link OVERDUE_SECONDS} past their due date. */
  readonly overdue: number;
  readonly resumed: number;
  /** True when a row says that unrecorded KMS keys may exist: only then is KMS's list of keys read. */
  readonly searchOrphans: boolean;
  /** Candidates that could not be decided; the next sweep looks at them again. */
  readonly failed: number;
}

/** A key is late, not merely due, when a day of sweeps has passed it by (requirement R6). */
const OVERDUE_SECONDS = 86_400;

/** What is no rotation runs alone, as the API starts it. */
function startAlone({ kind, placed }: Decided): Start {
  const { operationId, attempt, executionName } = placed.item;
  // One state machine contains, whether for a time or for ever.
  const machine = kind === 'suspend-key' ? 'revoke-key' : kind;
  return { kind: machine, executionName, input: { operationId, attempt } };
}

/** Entries that are read at once while the sweep is paused. */
const PAUSED_PAGE = 500;

/**
 * What goes on in a pause: operations that have begun, containments among them. What is due and may not begin stays due, and must
 * not stand before them, so the list is read on behind it.
 */
async function begunOnly(
  { ledger }: Pick<SweepDeps, 'ledger'>,
  now: string,
  limit: number,
): Promise<readonly DueItem[]> {
  const begun: DueItem[] = [];
  // Before every instant.
  let from = '0';
  while (begun.length < limit) {
    const page = await ledger.listDueBetween(from, now, PAUSED_PAGE);
    begun.push(...page.filter(({ kind }) => kind === 'operation'));
    const last = page.at(-1);
    if (!last || page.length < PAUSED_PAGE) break;
    from = `${last.dueAt}#${last.name}`;
  }
  return begun.slice(0, limit);
}

/**
 * Finds what is due and admits it; the workflow starts the executions, rotations in batches. At most `limit` in one
 * sweep. In a pause nothing begins, and what has begun goes on. One candidate that fails does not keep the others waiting, nor those already admitted from being started.
 * @throws what the first candidate failed with, when nothing could be started
 */
export async function findDueRotations(
  deps: SweepDeps,
  stage: string,
  limit: number,
): Promise<SweepResult> {
  const now = deps.clock.now();
  const batches = new Batches(() => deps.ids.batchId());
  const decided: Decided[] = [];
  const isPaused = (await settlePause(deps)) !== null;
  const due = isPaused ? await begunOnly(deps, now, limit) : await deps.ledger.listDue(now, limit);
  const failures: unknown[] = [];
  let searchOrphans = false;
  for (const item of due) {
    try {
      searchOrphans = (!isPaused && (await isSearchDue(deps, item.name))) || searchOrphans;
      const one = await decide(deps, stage, item, batches);
      if (one) decided.push(one);
      if (one?.kind === 'rotate-key') batches.add(one.placed);
    } catch (error) {
      failures.push(error);
    }
  }
  if (decided.length === 0 && !searchOrphans && failures.length > 0) throw failures[0];
  const operations = decided.map(({ placed }) => placed.item);
  const others = decided.filter(({ kind }) => kind !== 'rotate-key');
  return {
    starts: [...batches.starts(), ...others.map(startAlone)],
    operations: operations.map(({ operationId, attempt }) => ({ operationId, attempt })),
    overdue: due.filter((item) => item.kind === 'key' && later(item.dueAt, OVERDUE_SECONDS) < now)
      .length,
    resumed: operations.filter(({ attempt }) => attempt > 1).length,
    searchOrphans,
    failed: failures.length,
  };
}
