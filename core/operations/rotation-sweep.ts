// SPDX-License-Identifier: Apache-2.0
// Use cases of the sweep. The index only nominates: each candidate is decided on its strongly consistent record, so
// a late or repeated sweep starts nothing twice (faults F3, F4). It also takes up operations whose execution was
// lost or parked, and schedules the deletion of KMS keys that no record knows.

import type { OperationKind } from '../contract/vocabulary.ts';
import { isError } from '../errors.ts';
import { executionName } from '../keys/naming.ts';
import type { KeyRemover, OrphanFinder, UnrecordedKey } from '../ports/key-vault.ts';
import type { DueItem, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { type AdmitDueDeps, admitDue, SCHEDULE } from './admit-due.ts';
import { LEASE_SECONDS, later } from './admit-operation.ts';
import { heldDraft } from './await-acknowledgements.ts';
import { mutateKey } from './mutate-key.ts';

export type SweepDeps = AdmitDueDeps;

/** An execution that the sweep's workflow is to start. */
export interface Start {
  readonly kind: OperationKind;
  readonly operationId: string;
  readonly attempt: number;
  /** One name per attempt: starting it twice is starting it once. */
  readonly executionName: string;
}

function toStart(kind: OperationKind, operationId: string, attempt: number): Start {
  return { kind, operationId, attempt, executionName: executionName(operationId, attempt) };
}

async function startDue(deps: SweepDeps, stage: string, name: string): Promise<Start | null> {
  const operationId = await admitDue(deps, stage, name);
  return operationId ? toStart('rotate-key', operationId, 1) : null;
}

/** A new attempt of an operation whose lease ran out or whose parking is over; the old attempt is fenced off. */
async function resumeStale(deps: SweepDeps, name: string): Promise<Start | null> {
  return mutateKey<Start | null>(deps.ledger, name, (snapshot) => {
    const { key, operation } = snapshot;
    const now = deps.clock.now();
    if (!key.lease || !operation || key.lease.expiresAt > now) return { draft: null, result: null };
    const held = heldDraft(snapshot, deps.classes, now);
    if (held) return { draft: held, result: null };
    const attempt = operation.attempt + 1;
    const fence = key.fence + 1;
    const draft = {
      key: {
        fence,
        lease: { operationId: operation.id, fence, expiresAt: later(now, LEASE_SECONDS) },
      },
      operation: { ...operation, state: 'running' as const, attempt, retryAt: null },
      audit: {
        at: now,
        actor: SCHEDULE,
        action: 'operation.resumed',
        decision: { effect: 'permit' as const, rule: 'schedule-resumes-stale-operations' },
        operationId: operation.id,
        detail: { attempt, cause: operation.cause },
      },
    };
    return { draft, result: toStart(operation.kind, operation.id, attempt) };
  });
}

async function decide(deps: SweepDeps, stage: string, item: DueItem): Promise<Start | null> {
  try {
    return item.kind === 'operation'
      ? await resumeStale(deps, item.name)
      : await startDue(deps, stage, item.name);
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
  /** Keys more than {@link OVERDUE_SECONDS} past their due date. */
  readonly overdue: number;
  readonly resumed: number;
  /** Candidates that could not be decided; the next sweep looks at them again. */
  readonly failed: number;
}

/** A key is late, not merely due, when a day of sweeps has passed it by (requirement R6). */
const OVERDUE_SECONDS = 86_400;

/**
 * Finds what is due and admits it; the workflow starts the executions. At most `limit` in one sweep. One candidate
 * that fails does not keep the others waiting, nor those already admitted from being started.
 * @throws what the first candidate failed with, when nothing could be started
 */
export async function findDueRotations(
  deps: SweepDeps,
  stage: string,
  limit: number,
): Promise<SweepResult> {
  const now = deps.clock.now();
  const starts: Start[] = [];
  const due = await deps.ledger.listDue(now, limit);
  const failures: unknown[] = [];
  for (const item of due) {
    try {
      const start = await decide(deps, stage, item);
      if (start) starts.push(start);
    } catch (error) {
      failures.push(error);
    }
  }
  if (starts.length === 0 && failures.length > 0) throw failures[0];
  return {
    starts,
    overdue: due.filter((item) => item.kind === 'key' && later(item.dueAt, OVERDUE_SECONDS) < now)
      .length,
    resumed: starts.filter((start) => start.attempt > 1).length,
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
