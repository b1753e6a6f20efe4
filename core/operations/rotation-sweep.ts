// SPDX-License-Identifier: Apache-2.0
// Use cases of the sweep. The index only nominates: each candidate is decided on its strongly consistent record, so
// a late or repeated sweep starts nothing twice (faults F3, F4). It also takes up operations whose execution was
// lost or parked, and schedules the deletion of KMS keys that no record knows.

import type { OperationKind } from '../contract/vocabulary.ts';
import { isError } from '../errors.ts';
import type { KeyRemover, OrphanFinder, UnrecordedKey } from '../ports/key-vault.ts';
import type { DueItem, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { type AdmitDueDeps, admitDue, SCHEDULE } from './admit-due.ts';
import { later } from './admit-operation.ts';
import { heldDraft } from './await-acknowledgements.ts';
import { Batches, type Placed, type Start } from './batches.ts';
import { mutateKey } from './mutate-key.ts';
import { resumeDraft } from './resume-operation.ts';

export type SweepDeps = AdmitDueDeps;

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
  const placed = await admitDue(deps, stage, name, () => batches.idFor('prepare'));
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
    if (isError(error, 'OperationInProgress', 'TransitionForbidden', 'RevisionConflict'))
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
  /** Candidates that could not be decided; the next sweep looks at them again. */
  readonly failed: number;
}

/** A key is late, not merely due, when a day of sweeps has passed it by (requirement R6). */
const OVERDUE_SECONDS = 86_400;

/** What is no rotation runs alone, as the API starts it. */
function startAlone({ kind, placed }: Decided): Start {
  const { operationId, attempt, executionName } = placed.item;
  return { kind, executionName, input: { operationId, attempt } };
}

/**
 * Finds what is due and admits it; the workflow starts the executions, rotations in batches. At most `limit` in one
 * sweep. One candidate that fails does not keep the others waiting, nor those already admitted from being started.
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
  const due = await deps.ledger.listDue(now, limit);
  const failures: unknown[] = [];
  for (const item of due) {
    try {
      const one = await decide(deps, stage, item, batches);
      if (one) decided.push(one);
      if (one?.kind === 'rotate-key') batches.add(one.placed);
    } catch (error) {
      failures.push(error);
    }
  }
  if (decided.length === 0 && failures.length > 0) throw failures[0];
  const operations = decided.map(({ placed }) => placed.item);
  const others = decided.filter(({ kind }) => kind !== 'rotate-key');
  return {
    starts: [...batches.starts(), ...others.map(startAlone)],
    operations: operations.map(({ operationId, attempt }) => ({ operationId, attempt })),
    overdue: due.filter((item) => item.kind === 'key' && later(item.dueAt, OVERDUE_SECONDS) < now)
      .length,
    resumed: operations.filter(({ attempt }) => attempt > 1).length,
    failed: failures.length,
  };
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
  for (const key of page.keys.filter((candidate) => candidate.state === 'enabled')) {
    const verdict = await judge(deps, key, graceSeconds);
    verdicts[verdict] += 1;
    if (verdict === 'orphan') await removeOrphan(deps, key);
  }
  return { verdicts, nextCursor: page.nextCursor };
}
