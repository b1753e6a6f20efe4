// SPDX-License-Identifier: Apache-2.0
// Use cases around a key store: admit its provisioning, record progress, hand the steps that have no AWS API to an HSM
// administrator as tasks, and take their answer. One key store per stage.
import { type AuditEntry, type AuditValue, genesisHash } from '../audit/chain.ts';
import type { HsmTaskKind } from '../contract/hsm-tasks.ts';
import { KeyturnError } from '../errors.ts';
import {
  admitOnce,
  type IdempotencyClaim,
  idempotencyRecord,
} from '../operations/admit-operation.ts';
import type { KeyStoreChange, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { keyStoreStream, toChange } from './key-store-change.ts';
import type { HsmTaskRecord, KeyStoreRecord } from './records.ts';

export interface ProvisioningDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export interface AdmitKeyStore {
  readonly name: string;
  readonly operationId: string;
  readonly requestedBy: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
}

/**
 * Records that a key store is to be provisioned.
 * @returns the operation, which is the earlier one for a repeated request
 * @throws KeyturnError `OperationInProgress` while one is provisioned, `KeyAlreadyExists` when it exists
 */
export function admitKeyStore(deps: ProvisioningDeps, input: AdmitKeyStore): Promise<string> {
  return admitOnce(deps.ledger, input.claim, () => admitNew(deps, input));
}

async function admitNew(deps: ProvisioningDeps, input: AdmitKeyStore): Promise<string> {
  const now = deps.clock.now();
  const existing = await deps.ledger.readKeyStore(input.name);
  if (existing?.state === 'done') {
    throw new KeyturnError('KeyAlreadyExists', `key store ${input.name} is provisioned already`);
  }
  if (existing?.state === 'running') {
    throw new KeyturnError(
      'OperationInProgress',
      `operation ${existing.operationId} provisions ${input.name}`,
      {
        details: { operationId: existing.operationId },
      },
    );
  }
  await deps.ledger.commitKeyStore(admission(existing, input, now));
  return input.operationId;
}

function admission(
  existing: KeyStoreRecord | null,
  input: AdmitKeyStore,
  now: string,
): KeyStoreChange {
  const { name, operationId, requestedBy } = input;
  const base: KeyStoreRecord = existing ?? {
    name,
    state: 'running',
    step: 'Admitted',
    cause: null,
    clusterId: null,
    keyStoreId: null,
    operationId,
    requestedBy,
    startedAt: now,
    endedAt: null,
    revision: 0,
    auditHead: genesisHash(keyStoreStream(name)),
  };
  const audit: AuditEntry = {
    at: now,
    actor: requestedBy,
    action: 'key-store.admitted',
    decision: input.decision,
    operationId,
    detail: { keyStore: name },
  };
  const patch = {
    state: 'running' as const,
    step: 'Admitted',
    cause: null,
    operationId,
    startedAt: now,
    endedAt: null,
  };
  const change = toChange(base, patch, audit);
  return {
    ...change,
    expectedRevision: existing ? existing.revision : null,
    idempotency: idempotencyRecord(input.claim, operationId, now),
  };
}

async function ownedKeyStore(
  deps: ProvisioningDeps,
  name: string,
  operationId: string,
): Promise<KeyStoreRecord> {
  const keyStore = await deps.ledger.readKeyStore(name);
  if (keyStore?.operationId === operationId) return keyStore;
  throw new KeyturnError('LeaseLost', `operation ${operationId} no longer provisions ${name}`);
}

function workflowEntry(
  deps: ProvisioningDeps,
  operationId: string,
  action: string,
  detail: Record<string, AuditValue>,
) {
  return {
    at: deps.clock.now(),
    actor: 'workflow/provision-key-store',
    action,
    decision: { effect: 'permit' as const, rule: 'owns-the-key-store' },
    operationId,
    detail,
  };
}

/** What a step of the workflow found out. */
export interface Progress {
  readonly operationId: string;
  readonly keyStore: string;
  readonly step: string;
  readonly clusterId?: string | undefined;
  readonly keyStoreId?: string | undefined;
  readonly outcome?: 'done' | 'parked' | undefined;
  readonly cause?: string | undefined;
}

/** Records progress; the same progress twice is recorded once. @throws KeyturnError `LeaseLost`, `RevisionConflict` */
export async function recordProgress(deps: ProvisioningDeps, progress: Progress): Promise<void> {
  const current = await ownedKeyStore(deps, progress.keyStore, progress.operationId);
  if (current.step === progress.step && current.state !== 'running') return;
  const { step, clusterId, keyStoreId, outcome, cause } = progress;
  const patch = {
    step,
    ...(clusterId ? { clusterId } : {}),
    ...(keyStoreId ? { keyStoreId } : {}),
    ...(outcome ? { state: outcome, endedAt: deps.clock.now() } : {}),
    cause: cause ?? null,
  };
  const detail = {
    step,
    clusterId: clusterId ?? null,
    keyStoreId: keyStoreId ?? null,
    cause: cause ?? null,
  };
  const action = outcome ? `key-store.${outcome}` : 'key-store.progressed';
  await deps.ledger.commitKeyStore(
    toChange(current, patch, workflowEntry(deps, progress.operationId, action, detail)),
  );
}

export interface TaskRequest {
  readonly operationId: string;
  readonly keyStore: string;
  readonly kind: HsmTaskKind;
  /** The task token, sealed: it is a bearer secret. */
  readonly sealedToken: string;
  readonly certificateRequest: string | null;
  /** Where it is to be done; absent: the cluster of the key store. */
  readonly clusterId?: string | null;
  /** A further time that the same is asked of the same operation. */
  readonly round?: number;
}

/** Names a task: asked again, it is the same one, unless it is another round. */
export function taskIdOf(kind: HsmTaskKind, operationId: string, round = 1): string {
  const id = `${kind}-${operationId}`;
  return round === 1 ? id : `${id}-${round}`;
}

/**
 * Opens a task for an HSM administrator. A repeated request replaces the token; a task that is done stays as it is.
 * @returns the task as recorded; when it is done, its answer resumes the state that asked
 * @throws KeyturnError `LeaseLost`, `RevisionConflict`
 */
export async function requestTask(
  deps: ProvisioningDeps,
  request: TaskRequest,
): Promise<HsmTaskRecord> {
  const current = await ownedKeyStore(deps, request.keyStore, request.operationId);
  const id = taskIdOf(request.kind, request.operationId, request.round);
  const known = await deps.ledger.readTasks(request.keyStore);
  const done = known.find((task) => task.id === id && task.state === 'done');
  if (done) return done;
  const task: HsmTaskRecord = {
    id,
    kind: request.kind,
    keyStore: request.keyStore,
    state: 'open',
    sealedToken: request.sealedToken,
    clusterId: request.clusterId ?? current.clusterId,
    certificateRequest: request.certificateRequest,
    signedCertificate: null,
    trustAnchor: null,
    createdAt: deps.clock.now(),
    completedBy: null,
  };
  const audit = workflowEntry(deps, request.operationId, 'task.opened', {
    task: id,
    kind: request.kind,
  });
  await deps.ledger.commitKeyStore(
    toChange(current, { step: `Await:${request.kind}` }, audit, [task]),
  );
  return task;
}

/** What resumes the state that waits for a task. */
export function answerOf({ signedCertificate, trustAnchor }: HsmTaskRecord) {
  return { signedCertificate, trustAnchor };
}

/**
 * The CA certificate that the cluster belongs to: the last one given, because a cluster is signed for once and an
 * attempt that goes on with it asks no more.
 * @throws KeyturnError `TaskNotFound`
 */
export function trustAnchorOf(tasks: readonly HsmTaskRecord[]): string {
  const given = tasks.flatMap(({ trustAnchor, createdAt }) =>
    trustAnchor === null ? [] : [{ trustAnchor, createdAt }],
  );
  const [last] = given.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  if (!last) throw new KeyturnError('TaskNotFound', 'the trust anchor was not recorded');
  return last.trustAnchor;
}

export interface TaskCompletion {
  readonly keyStore: string;
  readonly id: string;
  readonly by: string;
  readonly decision: Decision;
  readonly signedCertificate: string | null;
  readonly trustAnchor: string | null;
}

function checkCertificates(task: HsmTaskRecord, completion: TaskCompletion): void {
  if (task.kind !== 'sign-certificate') return;
  const fields = (['signedCertificate', 'trustAnchor'] as const)
    .filter((name) => !completion[name]?.includes('BEGIN CERTIFICATE'))
    .map((name) => ({ pointer: `/${name}`, detail: 'must be a PEM certificate' }));
  if (fields.length > 0)
    throw new KeyturnError('ValidationFailed', 'this task needs both certificates', { fields });
}

/**
 * Records that a task was done.
 * @returns the task as recorded; its sealed token is what resumes the workflow
 * @throws KeyturnError `KeyStoreNotFound`, `TaskNotFound`, `ValidationFailed`
 */
export async function completeTask(
  deps: ProvisioningDeps,
  completion: TaskCompletion,
): Promise<HsmTaskRecord> {
  const current = await deps.ledger.readKeyStore(completion.keyStore);
  if (!current) throw new KeyturnError('KeyStoreNotFound', 'no key store has this name');
  const tasks = await deps.ledger.readTasks(completion.keyStore);
  const task = tasks.find((candidate) => candidate.id === completion.id);
  if (!task) throw new KeyturnError('TaskNotFound', 'this key store has no such task');
  // Done before: the token is sent again, which does no harm, should the first send have been lost.
  if (task.state === 'done') return task;
  checkCertificates(task, completion);
  const { signedCertificate, trustAnchor, by } = completion;
  const done: HsmTaskRecord = {
    ...task,
    state: 'done',
    signedCertificate,
    trustAnchor,
    completedBy: by,
  };
  const audit: AuditEntry = {
    at: deps.clock.now(),
    actor: by,
    action: 'task.completed',
    decision: completion.decision,
    operationId: current.operationId,
    detail: { task: task.id, kind: task.kind },
  };
  await deps.ledger.commitKeyStore(toChange(current, {}, audit, [done]));
  return done;
}
