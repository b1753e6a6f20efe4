// SPDX-License-Identifier: Apache-2.0
// Operation `update-access`: brings the policy of every readable version to what the key's consumers may do now. All
// puts are idempotent, so a new attempt simply does them again; nothing is undone, the operation goes forward.
import type { PolicyTemplate } from '../contract/vocabulary.ts';
import { KeyturnError, precondition } from '../errors.ts';
import { accessOf, boundTo } from '../keys/consumers.ts';
import { accessOfContained, requireUncontained } from '../keys/containment.ts';
import type { OperationRecord, VersionRecord } from '../keys/records.ts';
import { sharingKey, speaksForKey } from '../keys/sharing.ts';
import { mayProcess, transition } from '../keys/transitions.ts';
import type { KeyEnabler } from '../ports/key-vault.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import {
  type IdempotencyClaim,
  idempotencyRecord,
  LEASE_SECONDS,
  later,
} from './admit-operation.ts';
import type { ApplyPolicyDeps } from './apply-policy.ts';
import type { Draft } from './mutate-key.ts';
import { openingTargets } from './open-version.ts';
import { isRecorded, openStep, recordStep, type StepContext, type StepInput } from './run-step.ts';

/** A KMS key by the version that speaks for it, with the policy that it should have. */
export interface Target {
  readonly version: VersionRecord;
  readonly keyId: string;
  readonly template: PolicyTemplate;
}

/**
 * KMS keys of readable versions, once each, and their policies; a bound one nobody holds on to any more loses the right
 * to encrypt.
 */
export function targetsOf({ versions, consumers }: KeySnapshot): readonly Target[] {
  return versions.flatMap((version) => {
    const { keyId, policyTemplate: template, state } = version;
    if (keyId === null || !mayProcess(state) || !speaksForKey(versions, version)) return [];
    if (template !== 'active' && template !== 'decrypt-only') return [];
    const isReleased = version.substate === 'bound' && boundTo(consumers, version).length === 0;
    return [{ version, keyId, template: isReleased ? ('decrypt-only' as const) : template }];
  });
}

/** What a key's versions are left with when Keyturn lets go of it. */
const RELEASED: Partial<Record<VersionRecord['policyTemplate'], PolicyTemplate>> = {
  active: 'released',
  'decrypt-only': 'released-decrypt-only',
  released: 'released',
  'released-decrypt-only': 'released-decrypt-only',
};

/** KMS keys of readable versions of a key that is let go, once each, and their policies. */
export function releaseTargetsOf({ versions }: KeySnapshot): readonly Target[] {
  return versions.flatMap((version) => {
    const { keyId, policyTemplate, state } = version;
    const template = RELEASED[policyTemplate];
    if (keyId === null || !mayProcess(state) || !template) return [];
    return speaksForKey(versions, version) ? [{ version, keyId, template }] : [];
  });
}

function targetsFor({ snapshot, operation }: StepContext): readonly Target[] {
  return operation.isRelease ? releaseTargetsOf(snapshot) : targetsOf(snapshot);
}

/** True when the policies that are in force are not those that should be. */
export function isPolicyStale(before: KeySnapshot, after: KeySnapshot): boolean {
  // Versions of tier data have no policy: the record alone says who may fetch and use them.
  if (after.key.tier === 'data') return false;
  const isChanged = JSON.stringify(accessOf(before.key)) !== JSON.stringify(accessOf(after.key));
  return (
    isChanged ||
    targetsOf(after).some(({ version, template }) => version.policyTemplate !== template)
  );
}

export interface AccessAdmission {
  readonly id: string;
  readonly by: string;
  readonly now: string;
  readonly claim: IdempotencyClaim;
  /** False for a change that no policy shows: its operation is recorded as done. */
  readonly hasWork: boolean;
}

/** When another operation lets the key go, as far as its row says. */
function untilWhen(operation: OperationRecord, now: string): string {
  const { state, retryAt, acknowledgement } = operation;
  const isWaiting = acknowledgement && !isRecorded(operation, 'SwitchAlias');
  if (isWaiting && acknowledgement.deadlineAt > now)
    return `it waits for consumers until ${acknowledgement.deadlineAt}, unless "rotation cancel" takes it back`;
  if (state === 'parked' && retryAt !== null) return `it is parked and goes on at ${retryAt}`;
  return 'it is under way';
}

/** The error for a key that another operation holds: until when, and what to do. */
function heldBy({ key, operation }: KeySnapshot, operationId: string, now: string): KeyturnError {
  const isKnown = operation?.id === operationId;
  const what = isKnown ? `${operation.kind} ${operationId}` : `operation ${operationId}`;
  const when = isKnown ? `: ${untilWhen(operation, now)}` : '';
  return new KeyturnError(
    'OperationInProgress',
    `${what} holds ${key.name}${when}; nothing was changed, ask again when "operation show ${operationId}" says that it has ended`,
    { details: { operationId } },
  );
}

/** The records that admit the operation. @throws KeyturnError `OperationInProgress` when another holds the key */
export function admissionOf(
  snapshot: KeySnapshot,
  { id, by, now, claim, hasWork }: AccessAdmission,
): Pick<Draft, 'key' | 'operation' | 'idempotency'> {
  const { key } = snapshot;
  // Policies are those of the containment now; those that it leads back to are made when it is lifted.
  requireUncontained(key);
  precondition(key.currentVersion, 'access is changed on a key that has a version');
  const operation: OperationRecord = {
    id,
    kind: 'update-access',
    key: key.name,
    version: key.currentVersion,
    previousVersion: null,
    state: hasWork ? 'running' : 'done',
    step: 'Admitted',
    cause: null,
    attempt: 1,
    batchId: null,
    trigger: 'api',
    requestedBy: by,
    reason: null,
    startedAt: now,
    endedAt: hasWork ? null : now,
    retryAt: null,
    timeline: [{ step: 'Admitted', at: now }],
  };
  const idempotency = idempotencyRecord(claim, id, now);
  if (!hasWork) return { operation, idempotency };
  if (key.lease) throw heldBy(snapshot, key.lease.operationId, now);
  const fence = key.fence + 1;
  const lease = { operationId: id, fence, expiresAt: later(now, LEASE_SECONDS) };
  return { key: { lease, fence }, operation, idempotency };
}

export interface ApplyAccessDeps extends ApplyPolicyDeps {
  readonly enabler: KeyEnabler;
}

/** Puts every policy. @throws KeyturnError `LeaseLost`, and what the vault answers */
export async function applyAccess(deps: ApplyAccessDeps, input: StepInput): Promise<void> {
  const context = await openStep(deps, input, 'BeginOperation');
  // Of a key that is let go the tags may be off already, and with them our right to write its policy.
  if (context.operation.isRelease && isRecorded(context.operation, 'ProbeAccess')) return;
  const targets = targetsFor(context);
  const access = accessOf(context.snapshot.key);
  for (const { keyId, template } of targets)
    await deps.policies.applyPolicy(keyId, template, access);
  for (const { keyId, version, opening } of openingTargets(context.snapshot)) {
    await deps.policies.applyPolicy(keyId, 'contained', accessOfContained(version));
    // Behind its policy: at no moment is it enabled for anybody else.
    if (opening.wasDisabled) await deps.enabler.enable(keyId);
  }
  await recordStep(deps, input, 'ApplyAccess', (current) => ({
    action: 'access.applied',
    detail: { policies: targets.length },
    versions: targetsFor(current).flatMap(({ version, template }) =>
      sharingKey(current.snapshot.versions, version)
        .filter((one) => one.policyTemplate !== template)
        .map((one) => ({ ...one, policyTemplate: template })),
    ),
  }));
}

/** What the end of the operation changes: consumers are open, released versions no longer protect new data. */
export function accessCompletion({ snapshot }: StepContext, at: string) {
  const released = snapshot.versions.filter(
    (version) => version.substate === 'bound' && version.policyTemplate === 'decrypt-only',
  );
  return {
    action: 'access.updated',
    detail: { released: released.length },
    key: { lease: null },
    consumers: snapshot.consumers
      .filter((consumer) => consumer.state === 'opening')
      .map((consumer) => ({ ...consumer, state: 'active' as const })),
    versions: released.map((version) => ({
      ...version,
      state: transition(version.state, 'deactivated'),
      substate: null,
      deactivatedAt: at,
    })),
    operation: { state: 'done' as const, endedAt: at, cause: null, retryAt: null },
  };
}
