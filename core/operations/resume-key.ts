// SPDX-License-Identifier: Apache-2.0
// Operation `resume-key`: lifts a suspension that people decided to lift. KMS is opened first and asked; only then does the
// data plane permit again. What is revoked stays so: INV-03 holds for every version on its own.
import type { PolicyTemplate } from '../contract/vocabulary.ts';
import { isError, KeyturnError, precondition } from '../errors.ts';
import { accessOf } from '../keys/consumers.ts';
import { uncontained } from '../keys/containment.ts';
import { watchAfterLift } from '../keys/purge-watch.ts';
import type { OperationRecord, VersionRecord } from '../keys/records.ts';
import { lifted } from '../keys/status.ts';
import type { KeyEnabler, PolicyWriter } from '../ports/key-vault.ts';
import type { ApprovalChange, KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids } from '../ports/platform.ts';
import {
  admitOnce,
  type IdempotencyClaim,
  idempotencyRecord,
  LEASE_SECONDS,
  later,
} from './admit-operation.ts';
import { keyNotFound, mutateKey, ROWS_AT_ONCE, requireManaged } from './mutate-key.ts';
import {
  openStep,
  recordStep,
  type StepContext,
  type StepDeps,
  type StepInput,
} from './run-step.ts';

export interface ResumeKeyDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface ResumeKeyInput {
  readonly key: string;
  readonly reason: string | null;
  readonly by: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
  /** The approval that is used up with it; null: it was, with the scope's. */
  readonly approve: (snapshot: KeySnapshot, operationId: string) => ApprovalChange | null;
}

/** A version whose suspension is lifted at KMS. */
export interface LiftTarget {
  readonly version: VersionRecord;
  readonly keyId: string;
  readonly isDisabled: boolean;
  /** Null: its policy was not touched. */
  readonly template: PolicyTemplate | null;
}

/** What the lifting of the suspension does at KMS. */
export function liftTargets({ versions }: KeySnapshot): readonly LiftTarget[] {
  return versions.flatMap((version) => {
    const { containment, keyId, substate } = version;
    if (containment?.kind !== 'suspension' || keyId === null) return [];
    // What is being destroyed stays closed: whoever stops that destruction opens it.
    if (substate === 'destroy-scheduled' || substate === 'quarantined') return [];
    const { policyTemplate } = containment.before;
    // One that was locked first and disabled later is both.
    const isLocked = version.policyTemplate === 'suspended' && policyTemplate !== 'original';
    return [
      {
        version,
        keyId,
        isDisabled: containment.mode === 'hard',
        template: isLocked ? policyTemplate : null,
      },
    ];
  });
}

/** A key whose suspension may be lifted. @throws KeyturnError `KeyReleased`, `TransitionForbidden`, `OperationInProgress` */
export function requireLiftable({ key, operation }: KeySnapshot): void {
  requireManaged(key);
  const fail = (why: string) =>
    new KeyturnError('TransitionForbidden', `${key.name} ${why}`, { details: { key: key.name } });
  if (!key.containment) throw fail('is not suspended');
  if (key.containment.kind === 'revocation')
    throw fail('is revoked: what is compromised never comes back; make a successor');
  if (!operation || !key.lease) return;
  throw new KeyturnError(
    'OperationInProgress',
    `operation ${operation.id} holds ${key.name}; wait for it to end`,
    { details: { operationId: operation.id } },
  );
}

/** The key as lifting it is asked for. @throws KeyturnError `KeyNotFound`, and as {@link requireLiftable} */
export async function liftableKey(ledger: Ledger, name: string): Promise<KeySnapshot> {
  const snapshot = await ledger.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  requireLiftable(snapshot);
  return snapshot;
}

function operationOf({ key }: KeySnapshot, input: ResumeKeyInput, id: string, now: string) {
  return {
    id,
    kind: 'resume-key',
    key: key.name,
    version: key.currentVersion ?? key.latestVersion,
    previousVersion: null,
    state: 'running',
    step: 'Admitted',
    cause: null,
    attempt: 1,
    batchId: null,
    trigger: 'api',
    requestedBy: input.by,
    reason: input.reason,
    startedAt: now,
    endedAt: null,
    retryAt: null,
    timeline: [{ step: 'Admitted', at: now }],
  } satisfies OperationRecord;
}

/**
 * Admits the lifting of a suspension, with the approval that it uses up.
 * @returns the id of the operation; `resume-key` is to be started with it
 * @throws KeyturnError as {@link requireLiftable}, `ApprovalStale`, `IdempotencyKeyReused`
 */
export function admitResume(deps: ResumeKeyDeps, input: ResumeKeyInput): Promise<string> {
  return admitOnce(deps.ledger, input.claim, () => admitNew(deps, input));
}

async function admitNew(deps: ResumeKeyDeps, input: ResumeKeyInput): Promise<string> {
  const id = deps.ids.operationId();
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    requireLiftable(snapshot);
    const now = deps.clock.now();
    const approval = input.approve(snapshot, id);
    const fence = snapshot.key.fence + 1;
    const draft = {
      key: { fence, lease: { operationId: id, fence, expiresAt: later(now, LEASE_SECONDS) } },
      operation: operationOf(snapshot, input, id, now),
      idempotency: idempotencyRecord(input.claim, id, now),
      ...(approval ? { approval } : {}),
      audit: {
        at: now,
        actor: input.by,
        action: 'key.resume-admitted',
        decision: input.decision,
        operationId: id,
        detail: {
          reason: input.reason,
          suspendedBy: snapshot.key.containment?.operationId ?? null,
        },
      },
    };
    return { draft, result: id };
  });
}

export interface LiftDeps extends StepDeps {
  readonly policies: PolicyWriter;
  readonly enabler: KeyEnabler;
}

/** A version that never was in use may be pending deletion already, by the operation that was stopped. */
async function enable({ enabler }: LiftDeps, { keyId, version }: LiftTarget): Promise<void> {
  try {
    await enabler.enable(keyId);
  } catch (error) {
    const isUnborn = version.containment?.before.state === 'pre-activation';
    if (!isUnborn || !isError(error, 'KeyNotUsable')) throw error;
  }
}

/** Opens every suspended version at KMS again. @throws KeyturnError `LeaseLost`, and what the vault answers */
export async function liftContainment(deps: LiftDeps, input: StepInput): Promise<void> {
  const { snapshot } = await openStep(deps, input, 'BeginOperation');
  const targets = liftTargets(snapshot);
  const access = accessOf(snapshot.key);
  for (const target of targets) {
    const { keyId, template } = target;
    if (template !== null) await deps.policies.applyPolicy(keyId, template, access);
    if (target.isDisabled) await enable(deps, target);
  }
  await recordStep(deps, input, 'LiftContainment', () => ({
    action: 'suspension.lifted-at-kms',
    detail: { kmsKeys: targets.length },
  }));
}

/** Versions beyond those that fit into the transaction that ends the operation. */
async function restoreRest(deps: StepDeps, input: StepInput): Promise<void> {
  for (let isDone = false; !isDone; ) {
    const { snapshot, operation } = await openStep(deps, input, 'ProbeLifted');
    const left = restored(snapshot);
    isDone = left.length <= ROWS_AT_ONCE;
    if (isDone) return;
    await mutateKey(deps.ledger, input.key, () => ({
      draft: {
        // The key as a whole stays denied until the last transaction.
        versions: left
          .filter(({ version }) => version !== snapshot.key.currentVersion)
          .slice(0, ROWS_AT_ONCE),
        audit: {
          at: deps.clock.now(),
          actor: `workflow/${operation.kind}`,
          action: 'versions.restored',
          decision: { effect: 'permit' as const, rule: 'lease-holder' },
          operationId: input.operationId,
          detail: { versions: ROWS_AT_ONCE },
        },
      },
      result: undefined,
    }));
  }
}

function restored({ versions }: KeySnapshot): readonly VersionRecord[] {
  return versions.flatMap((version) => {
    const next = uncontained(version);
    return next === version ? [] : [next];
  });
}

function completion({ snapshot }: StepContext, parked: OperationRecord | null, at: string) {
  const { key } = snapshot;
  const versions = restored(snapshot);
  const current =
    versions.find(({ version }) => version === key.currentVersion) ??
    snapshot.versions.find(({ version }) => version === key.currentVersion);
  precondition(key.containment, 'what is lifted was suspended');
  const still = snapshot.versions.filter(({ containment }) => containment?.kind === 'revocation');
  const purgeWatch = watchAfterLift(snapshot, { key: { ...key, containment: null }, versions });
  return {
    action: 'key.resumed',
    detail: { suspendedSince: key.containment.at, goesOn: parked?.id ?? null },
    key: {
      containment: null,
      containedVersions: still.map(({ version }) => version),
      state: current?.state ?? key.state,
      ...handBack(key.fence, parked, at),
    },
    versions,
    statuses: [lifted(key.name, key.containment, at)],
    ...(purgeWatch ? { purgeWatch } : {}),
    ...(parked ? { otherOperations: [{ ...parked, retryAt: at }] } : {}),
    operation: { state: 'done' as const, endedAt: at, cause: null, retryAt: null },
  };
}

/** The lease for an operation that goes on: it has run out, so that the next sweep starts its next attempt. */
export function handBack(fence: number, parked: OperationRecord | null, at: string) {
  if (!parked) return { lease: null };
  return { fence: fence + 1, lease: { operationId: parked.id, fence: fence + 1, expiresAt: at } };
}

/** What waits behind the containment that stands or begins. */
export async function parkedBehind(
  { ledger }: Pick<ResumeKeyDeps, 'ledger'>,
  { key, operation }: KeySnapshot,
): Promise<OperationRecord | null> {
  const id = key.containment?.resumes ?? operation?.containment?.resumes;
  return id === undefined ? null : ledger.readOperation(id);
}

/** The operation that waits behind a containment; one that was ended meanwhile, with its version, goes on no more. */
export async function stillParked(
  { ledger }: StepDeps,
  id: string | undefined,
): Promise<OperationRecord | null> {
  const operation = id === undefined ? null : await ledger.readOperation(id);
  return operation?.state === 'parked' ? operation : null;
}

/** Ends the suspension. @throws KeyturnError `LeaseLost`, `StepOutOfOrder` */
export async function completeResume(deps: StepDeps, input: StepInput): Promise<void> {
  await restoreRest(deps, input);
  const { snapshot } = await openStep(deps, input, 'ProbeLifted');
  const waiting = snapshot.key.containment?.resumes;
  const parked = await stillParked(deps, waiting);
  await recordStep(deps, input, 'CompleteOperation', (context) =>
    completion(context, parked, deps.clock.now()),
  );
}
