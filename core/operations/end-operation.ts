// SPDX-License-Identifier: Apache-2.0
// How an operation ends: completed, undone before the switch, or parked with its cause and the time at which the
// sweep takes it up again. [INV-08] a rotation that fails before the switch is undone and frees its key.
import type { AuditValue } from '../audit/chain.ts';
import type { OperationKind } from '../contract/vocabulary.ts';
import { KeyturnError, precondition } from '../errors.ts';
import { awaitsSuccessor } from '../keys/containment.ts';
import { dueAt } from '../keys/due.ts';
import { executionName } from '../keys/naming.ts';
import type { OperationRecord, VersionRecord } from '../keys/records.ts';
import { transition } from '../keys/transitions.ts';
import type { KeyRemover } from '../ports/key-vault.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { later } from './admit-operation.ts';
import { adoptedOccupancy } from './adopt-key.ts';
import { type GiveBackDeps, giveBack } from './adopt-version.ts';
import { isPastSwitch } from './apply-policy.ts';
import { completeContainment } from './complete-containment.ts';
import { completeRelease, type ReleaseDeps } from './complete-release.ts';
import { occupancyOf } from './create-version.ts';
import { mutateKey } from './mutate-key.ts';
import { completeResume } from './resume-key.ts';
import {
  leasedContext,
  openStep,
  recordStep,
  type StepContext,
  type StepDeps,
  type StepInput,
} from './run-step.ts';
import { searchFrom } from './sweep-orphans.ts';
import { accessCompletion } from './update-access.ts';

/** KMS's shortest waiting period for a key that protected nothing but canaries (KMS ScheduleKeyDeletion: 7 to 30). */
const UNUSED_KEY_WINDOW_DAYS = 7;
/** A failed rotation is not tried again at once: each try costs HSM capacity. */
const RETRY_AFTER_COMPENSATION_SECONDS = 3600;
/** A key that is closed until its successor is in use is tried again sooner. */
const RETRY_SUCCESSOR_SECONDS = 300;

/** What a workflow caught: an error name and the text a function gave. */
export interface Failure {
  readonly error: string;
  readonly cause: string;
}

/** A failed step's error, shortened; ASL hands the function's answer over as JSON text. */
export function describeFailure(failure: Failure): string {
  try {
    const parsed: unknown = JSON.parse(failure.cause);
    if (typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed) {
      return `${failure.error}: ${String(parsed.errorMessage)}`.slice(0, 500);
    }
  } catch {
    // Not JSON: service integrations give plain text.
  }
  return `${failure.error}: ${failure.cause}`.slice(0, 500);
}

const COMPLETED: Partial<Record<OperationKind, string>> = {
  'rotate-key': 'rotation.completed',
  'adopt-key': 'key.adopted',
};

/** A replaced version stops protecting new data, unless an AWS service still holds on to it. */
function retired(previous: VersionRecord, at: string): VersionRecord[] {
  if (previous.substate === 'bound') return [];
  // What was revoked stays compromised, whatever happens to its successor; from now on it is a replaced version.
  if (previous.containment) return [{ ...previous, substate: null, deactivatedAt: at }];
  const state = transition(previous.state, 'deactivated');
  return [{ ...previous, state, substate: null, deactivatedAt: at }];
}

/** Stored ciphertexts of the replaced version become due; a run that goes on takes up the new version by itself. */
function reencryptionDue({ sources, reencryption: run }: KeySnapshot, at: string) {
  if (!run?.isAutomatic || sources.length === 0 || run.state !== 'idle') return {};
  return { reencryption: { ...run, state: 'due' as const, dueAt: at } };
}

/** A rotation that went back: undone in its effect; what was written meanwhile stays readable, and is moved back as well. */
function rolledBack({ version, previous, operation, snapshot }: StepContext, at: string) {
  return {
    action: 'rotation.rolled-back',
    detail: {
      failedVersion: previous?.version ?? null,
      reason: operation.rollback?.reason ?? null,
    },
    key: { lease: null },
    versions: previous ? retired(previous, at) : [],
    ...(previous ? reencryptionDue(snapshot, at) : {}),
    operation: {
      state: 'compensated' as const,
      endedAt: at,
      cause: `went back to version ${version.version}: ${operation.rollback?.reason}`,
      retryAt: null,
    },
  };
}

function completion(context: StepContext, at: string) {
  const { previous, operation, snapshot } = context;
  if (operation.rollback) return rolledBack(context, at);
  return {
    action: COMPLETED[operation.kind] ?? 'key.created',
    detail: { previousVersion: previous?.version ?? null },
    key: { lease: null, retryNotBefore: null },
    versions: previous ? retired(previous, at) : [],
    ...(previous ? reencryptionDue(snapshot, at) : {}),
    operation: { state: 'done' as const, endedAt: at, cause: null, retryAt: null },
  };
}

export type CompleteDeps = ReleaseDeps;

const hasEnded = (operation: OperationRecord | null) =>
  operation?.state === 'done' || operation?.state === 'compensated';

/** True when the operation has ended: its steps have nothing left to do. */
export async function endedAlready(deps: StepDeps, input: StepInput): Promise<boolean> {
  return hasEnded(await deps.ledger.readOperation(input.operationId));
}

async function end(deps: CompleteDeps, input: StepInput): Promise<void> {
  const { previous, operation } = await openStep(deps, input);
  if (operation.kind === 'update-access') return completeAccess(deps, input);
  if (operation.kind === 'resume-key') return completeResume(deps, input);
  if (operation.containment) return completeContainment(deps, input);
  await openStep(deps, input, 'ProbeAlias');
  // A replaced version is deactivated only after KMS was seen to refuse encryption under it.
  if (previous) await openStep(deps, input, 'ProbeDecryptOnly');
  await recordStep(deps, input, 'CompleteOperation', (context) =>
    completion(context, deps.clock.now()),
  );
}

/** Whether the key has work at once: a successor is due, or an operation that waited has the key again. */
export interface Completed {
  readonly goesOn: boolean;
  /** Names the sweep that is started for it. */
  readonly executionName: string;
}

/**
 * Ends a finished operation and frees the key.
 * @throws KeyturnError `LeaseLost`, `TransitionForbidden`
 */
export async function completeOperation(deps: CompleteDeps, input: StepInput): Promise<Completed> {
  const operation = await deps.ledger.readOperation(input.operationId);
  if (!hasEnded(operation)) await end(deps, input);
  const name = executionName(input.operationId, operation?.attempt ?? 1);
  // Nothing waits behind others, and a look is one more request for each rotation.
  if (!operation?.containment && operation?.kind !== 'resume-key')
    return { goesOn: false, executionName: name };
  const snapshot = await deps.ledger.readKey(input.key);
  const due = snapshot && dueAt(snapshot.key);
  return { goesOn: due !== null && due <= deps.clock.now(), executionName: name };
}

async function completeAccess(deps: CompleteDeps, input: StepInput): Promise<void> {
  const { operation } = await openStep(deps, input, 'ProbeAccess');
  if (operation.isRelease) return completeRelease(deps, input);
  await recordStep(deps, input, 'CompleteOperation', (context) =>
    accessCompletion(context, deps.clock.now()),
  );
}

export interface CompensateDeps extends StepDeps, GiveBackDeps {
  readonly remover: KeyRemover;
}

/** A CreateKey whose answer nobody recorded may have made a key. */
function doubtOf(version: VersionRecord, at: string) {
  const isDoubtful = version.keyId === null && version.creationAttempts > 0;
  return isDoubtful ? { orphanSearch: searchFrom(at) } : {};
}

function undone(version: VersionRecord): VersionRecord {
  if (version.adoption) return { ...version, substate: 'given-back' };
  if (version.keyId === null) {
    // A data key that was never current protected nothing: its wrapped bytes go with it.
    const dataKey = version.dataKey ? { dataKey: null } : {};
    return {
      ...version,
      ...dataKey,
      state: transition(version.state, 'destroyed'),
      substate: null,
    };
  }
  return { ...version, substate: 'destroy-scheduled' };
}

/** What is scheduled for deletion gives its place back within KMS's window; an adopted key is nobody's of ours. */
function placeGivenBack({ version, snapshot, operation }: StepContext) {
  const { keyId } = version;
  if (keyId === null) return {};
  if (!version.adoption) return { occupancy: occupancyOf(snapshot.key, operation, -1) };
  const { name, version: number } = version;
  return {
    occupancy: adoptedOccupancy(snapshot.key, version, -1),
    recordedKey: { keyId, name, version: number, isGivenBack: true as const },
  };
}

/**
 * Undoes an operation that has not switched: its KMS key is scheduled for deletion, or, if it was adopted, given back
 * as it was; the old version stays in use.
 * @throws KeyturnError `TransitionForbidden` after the switch; `LeaseLost`; and what the vault answers
 */
export async function compensateOperation(
  deps: CompensateDeps,
  input: StepInput & { failure: Failure },
): Promise<void> {
  if (await endedAlready(deps, input)) return;
  const { version, operation } = await openStep(deps, input);
  if (isPastSwitch(version)) {
    throw new KeyturnError(
      'TransitionForbidden',
      'after the alias switch an operation only goes forward',
    );
  }
  if (version.adoption) await giveBack(deps, input, version);
  else if (version.keyId !== null)
    await deps.remover.scheduleDeletion(version.keyId, UNUSED_KEY_WINDOW_DAYS);
  // A later attempt that only ends the undoing keeps the cause of the one that began it.
  const isLater = version.substate === 'giving-back';
  const cause = (isLater ? operation.cause : null) ?? describeFailure(input.failure);
  await recordStep(deps, input, 'CompensateOperation', (context) => {
    const at = deps.clock.now();
    return {
      action: 'operation.compensated',
      detail: { cause, keyId: context.version.keyId },
      key: {
        lease: null,
        retryNotBefore: later(
          at,
          awaitsSuccessor(context.snapshot.key)
            ? RETRY_SUCCESSOR_SECONDS
            : RETRY_AFTER_COMPENSATION_SECONDS,
        ),
        ...doubtOf(context.version, at),
        ...(context.version.adoption ? { legacyAliases: [] } : {}),
      },
      versions: [undone(context.version)],
      ...placeGivenBack(context),
      operation: { state: 'compensated', endedAt: at, cause, retryAt: null },
    };
  });
}

/** True when this very attempt has parked the operation already. */
function isParkedBy({ key, operation }: KeySnapshot, input: StepInput): boolean {
  const { lease } = key;
  const isOurs = lease?.operationId === input.operationId && lease.fence === input.fence + 1;
  return isOurs && operation?.state === 'parked';
}

/**
 * Parks an operation: it keeps the key, and the sweep resumes it. The attempt that parks fences itself off, so that
 * what else still runs of it does nothing more to a key that waits.
 * @throws KeyturnError `LeaseLost`
 */
export async function parkOperation(
  deps: StepDeps,
  input: StepInput & { failure: Failure },
  retryAfterSeconds: number,
): Promise<void> {
  if (await endedAlready(deps, input)) return;
  const cause = describeFailure(input.failure);
  await mutateKey(deps.ledger, input.key, (snapshot) => {
    if (isParkedBy(snapshot, input)) return { draft: null, result: undefined };
    const { operation } = leasedContext(snapshot, input);
    const at = deps.clock.now();
    const retryAt = later(at, retryAfterSeconds);
    const { lease } = snapshot.key;
    precondition(lease, 'a parked operation holds its key');
    const detail: Record<string, AuditValue> = { cause, retryAt, step: operation.step };
    const draft = {
      key: {
        fence: lease.fence + 1,
        lease: { ...lease, fence: lease.fence + 1, expiresAt: retryAt },
      },
      operation: { ...operation, state: 'parked' as const, cause, retryAt },
      audit: {
        at,
        actor: `workflow/${operation.kind}`,
        action: 'operation.parked',
        decision: { effect: 'permit' as const, rule: 'lease-holder' },
        operationId: input.operationId,
        detail,
      },
    };
    return { draft, result: undefined };
  });
}

/** What KMS answers while it has only not shown something everywhere yet: more time helps. */
const NOT_YET: readonly string[] = ['KeyNotYetVisible', 'ProbeNotYetConclusive'];
/** Attempts that more time is given to; then the operation is undone. */
const PATIENT_ATTEMPTS = 4;

/**
 * Which way a failed operation goes: back before the switch, forward after it. Steps have minutes in their workflow;
 * an operation that only needed longer goes forward too, which is to be parked and taken up again.
 */
export async function directionAfterFailure(
  deps: StepDeps,
  input: StepInput & { failure: Failure },
): Promise<'back' | 'forward'> {
  const { version, operation } = await openStep(deps, input);
  const isShortOfTime =
    NOT_YET.includes(input.failure.error) && operation.attempt < PATIENT_ATTEMPTS;
  return isPastSwitch(version) || isShortOfTime ? 'forward' : 'back';
}
