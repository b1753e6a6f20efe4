// SPDX-License-Identifier: Apache-2.0
// Admission of a re-encryption: the transaction that gives its operation the one run that a key has. A run that is
// parked, or whose workers have been silent, is taken up by its next attempt; nothing that was done is done again.
import { isError, KeyturnError } from '../errors.ts';
import { executionName } from '../keys/naming.ts';
import type { OperationRecord } from '../keys/records.ts';
import type { ReencryptionRecord } from '../keys/reencryption.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids, Workflows } from '../ports/platform.ts';
import type { ReencryptionProgress } from '../ports/reencryption-progress.ts';
import { findClaimed, type IdempotencyClaim, idempotencyRecord, later } from './admit-operation.ts';
import { doingOnce } from './decide-again.ts';
import { type Draft, mutateKey } from './mutate-key.ts';
import { activePause, type PauseDeps } from './pauses.ts';

/** A shard writes its checkpoint at least every page; who is silent so long has died. */
const SILENCE_SECONDS = 600;

export interface StartReencryptionDeps {
  readonly ledger: Ledger;
  readonly progress: ReencryptionProgress;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface StartReencryptionInput {
  readonly key: string;
  readonly trigger: OperationRecord['trigger'];
  readonly requestedBy: string;
  readonly reason: string | null;
  readonly decision: Decision;
  /** Absent for the schedule: there the due row itself makes a second look a no-op. */
  readonly claim: IdempotencyClaim | null;
}

/** An attempt that is to be started. */
export interface ReencryptionStart {
  readonly operationId: string;
  readonly attempt: number;
  /** One name per attempt: starting it twice is starting it once. */
  readonly executionName: string;
}

function checkKey({ key, sources }: KeySnapshot): void {
  if (key.state !== 'active' || key.currentVersion === null) {
    throw new KeyturnError(
      'TransitionForbidden',
      `${key.name} is ${key.state}; ciphertexts are re-encrypted under an active version`,
    );
  }
  if (sources.length > 0) return;
  throw new KeyturnError(
    'SourceNotFound',
    `${key.name} has no source; register where its ciphertexts lie first ("source add")`,
  );
}

function newOperation(
  { key }: KeySnapshot,
  input: StartReencryptionInput,
  id: string,
  at: string,
): OperationRecord {
  return {
    id,
    kind: 'reencrypt',
    key: key.name,
    version: key.currentVersion ?? 0,
    previousVersion: null,
    state: 'running',
    step: 'Admitted',
    cause: null,
    attempt: 1,
    batchId: null,
    trigger: input.trigger,
    requestedBy: input.requestedBy,
    reason: input.reason,
    startedAt: at,
    endedAt: null,
    retryAt: null,
    timeline: [{ step: 'Admitted', at }],
  };
}

/** The run's operation when there is one to take up, with its next attempt. */
function resumed(operation: OperationRecord): OperationRecord {
  return {
    ...operation,
    state: 'running',
    attempt: operation.attempt + 1,
    cause: null,
    retryAt: null,
  };
}

function admissionDraft(
  snapshot: KeySnapshot,
  input: StartReencryptionInput,
  operation: OperationRecord,
  at: string,
): Draft {
  const before = snapshot.reencryption;
  const isNew = operation.attempt === 1;
  const run: ReencryptionRecord = {
    key: snapshot.key.name,
    state: 'running',
    isAutomatic: before?.isAutomatic ?? false,
    operationId: operation.id,
    fence: (before?.fence ?? 0) + 1,
    pass: isNew ? 1 : (before?.pass ?? 1),
    passStartedAt: isNew ? at : (before?.passStartedAt ?? at),
    dueAt: later(at, SILENCE_SECONDS),
  };
  return {
    reencryption: run,
    operation,
    ...(input.claim ? { idempotency: idempotencyRecord(input.claim, operation.id, at) } : {}),
    audit: {
      at,
      actor: input.requestedBy,
      action: isNew ? 'reencryption.admitted' : 'reencryption.resumed',
      decision: input.decision,
      operationId: operation.id,
      detail: { version: operation.version, attempt: operation.attempt, reason: input.reason },
    },
  };
}

/** True while the workers of a run show that they live. */
async function isAlive(deps: StartReencryptionDeps, snapshot: KeySnapshot): Promise<boolean> {
  const run = snapshot.reencryption;
  if (run?.state !== 'running' || run.operationId === null) return false;
  const now = deps.clock.now();
  if (run.dueAt !== null && run.dueAt > now) return true;
  const checkpoints = await deps.progress.readCheckpoints(run.operationId);
  return checkpoints.some(({ updatedAt }) => later(updatedAt, SILENCE_SECONDS) > now);
}

function toStart({ id, attempt }: OperationRecord): ReencryptionStart {
  return { operationId: id, attempt, executionName: executionName(id, attempt) };
}

/**
 * Admits a run, or the next attempt of one that stopped.
 * @throws KeyturnError `KeyNotFound`, `SourceNotFound`, `TransitionForbidden`, `OperationInProgress` while one runs
 */
export async function admitReencryption(
  deps: StartReencryptionDeps,
  input: StartReencryptionInput,
): Promise<ReencryptionStart> {
  const seen = await deps.ledger.readKey(input.key);
  const alive = seen !== null && (await isAlive(deps, seen));
  const last = seen?.reencryption?.operationId;
  const stopped = last ? await deps.ledger.readOperation(last) : null;
  const id = deps.ids.operationId();
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    checkKey(snapshot);
    const run = snapshot.reencryption;
    const isSeenRun = run?.fence === seen?.reencryption?.fence;
    if (run?.state === 'running' && (alive || !isSeenRun)) {
      throw new KeyturnError(
        'OperationInProgress',
        `operation ${run.operationId} re-encrypts ${snapshot.key.name}; see "reencrypt status"`,
        { details: { operationId: run.operationId } },
      );
    }
    const at = deps.clock.now();
    const isOpen = run?.state === 'running' || run?.state === 'parked';
    const operation =
      isOpen && stopped && run.operationId === stopped.id
        ? resumed(stopped)
        : newOperation(snapshot, input, id, at);
    return { draft: admissionDraft(snapshot, input, operation, at), result: toStart(operation) };
  });
}

/**
 * Admits a run and starts it. The same Idempotency-Key gives the same operation.
 * @throws KeyturnError as {@link admitReencryption}, and `IdempotencyKeyReused`
 */
export async function startReencryption(
  deps: StartReencryptionDeps & { workflows: Workflows },
  input: StartReencryptionInput,
): Promise<{ operationId: string }> {
  const find = async () => {
    const claimed = await findClaimed(deps.ledger, input.claim);
    if (claimed === null) return null;
    const operation = await deps.ledger.readOperation(claimed);
    return { operationId: claimed, attempt: operation?.attempt ?? 1 };
  };
  const { operationId, attempt } = await doingOnce(find, () => admitReencryption(deps, input));
  await deps.workflows.start('reencrypt', operationId, attempt);
  return { operationId };
}

/** Starts what is due: rotations that ended, runs that parked, runs whose workers are silent. In a pause it is left due. */
export async function findDueReencryptions(
  deps: StartReencryptionDeps & PauseDeps,
  limit: number,
): Promise<readonly ReencryptionStart[]> {
  if (await activePause(deps)) return [];
  const names = await deps.ledger.listDueReencryptions(deps.clock.now(), limit);
  const starts: ReencryptionStart[] = [];
  for (const key of names) {
    try {
      starts.push(
        await admitReencryption(deps, {
          key,
          trigger: 'schedule',
          requestedBy: 'schedule/rotation-sweep',
          reason: 'due',
          decision: { effect: 'permit', rule: 'schedule-reencrypts-what-is-due' },
          claim: null,
        }),
      );
    } catch (error) {
      // It runs, or the key is suspended or was let go, or another was faster: a later sweep looks again.
      if (
        !isError(
          error,
          'KeyReleased',
          'OperationInProgress',
          'TransitionForbidden',
          'SourceNotFound',
          'RevisionConflict',
        )
      )
        throw error;
    }
  }
  return starts;
}
