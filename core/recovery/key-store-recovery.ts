// SPDX-License-Identifier: Apache-2.0
// Use cases around the recovery of a key store: admit it, change its record, take it up again. While it runs it owns the
// key store, so nothing else changes that, and a second recovery is refused.
import { type AuditEntry, type AuditValue, link } from '../audit/chain.ts';
import type { RecoveryKind, RecoveryPhase } from '../contract/recoveries.ts';
import { KeyturnError } from '../errors.ts';
import { firstReview } from '../keys/reviews.ts';
import { type IdempotencyClaim, idempotencyRecord } from '../operations/admit-operation.ts';
import { decidingAgain } from '../operations/decide-again.ts';
import type { ApprovalChange, IdempotencyRecord, KeyStoreChange, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import type { ReviewTask } from '../ports/reviews.ts';
import { keyStoreStream } from '../provisioning/key-store-change.ts';
import type { HsmTaskRecord, KeyStoreRecord } from '../provisioning/records.ts';
import type { PhaseRecord, RecoveryRecord, Survey } from './records.ts';

export interface RecoveryDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** Names one attempt of one recovery. */
export interface RecoveryAddress {
  readonly keyStore: string;
  readonly operationId: string;
  readonly attempt: number;
}

const MAX_TRIES = 4;
export const NOTHING_SURVEYED: Survey = {
  checked: 0,
  readable: 0,
  unverified: 0,
  missing: [],
  missingCount: 0,
  resurrected: [],
  resurrectedCount: 0,
  cursor: null,
  isDone: false,
};

/** @throws KeyturnError `KeyStoreNotFound`, `OperationInProgress` */
export async function recoverableKeyStore(ledger: Ledger, name: string): Promise<KeyStoreRecord> {
  const keyStore = await ledger.readKeyStore(name);
  if (!keyStore?.keyStoreId || !keyStore.clusterId)
    throw new KeyturnError('KeyStoreNotFound', `key store ${name} was never provisioned`);
  if (keyStore.state !== 'running') return keyStore;
  const { operationId } = keyStore;
  throw new KeyturnError('OperationInProgress', `operation ${operationId} works on ${name}`, {
    details: { operationId },
  });
}

/** @throws KeyturnError `OperationNotFound` */
export async function readRecovery(
  ledger: Ledger,
  keyStore: string,
  id: string,
): Promise<RecoveryRecord> {
  const found = (await ledger.readRecoveries(keyStore)).find((one) => one.id === id);
  if (found) return found;
  throw new KeyturnError('OperationNotFound', 'this key store has no such recovery');
}

interface Change {
  readonly recovery: RecoveryRecord;
  readonly keyStore?: Partial<KeyStoreRecord>;
  readonly entry: Omit<AuditEntry, 'at' | 'operationId'>;
  readonly approval?: ApprovalChange;
  readonly idempotency?: IdempotencyRecord;
  readonly review?: ReviewTask;
  readonly tasks?: readonly HsmTaskRecord[] | undefined;
}

function toChange(current: KeyStoreRecord, change: Change, now: string): KeyStoreChange {
  const { recovery, keyStore = {}, entry, approval, idempotency, review, tasks } = change;
  const head = { sequence: current.revision, hash: current.auditHead };
  const full: AuditEntry = { ...entry, at: now, operationId: recovery.id };
  const audit = link(keyStoreStream(current.name), head, full);
  const revision = { revision: audit.sequence, auditHead: audit.hash };
  return {
    expectedRevision: current.revision,
    keyStore: { ...current, ...keyStore, ...revision },
    recovery,
    ...(approval ? { approval } : {}),
    ...(idempotency ? { idempotency } : {}),
    ...(review ? { review } : {}),
    ...(tasks ? { tasks } : {}),
    audit,
  };
}

/** Who lets a recovery begin: those who approved it, or one person alone, whose review is open from then on. */
export type Authority =
  | {
      readonly approvalId: string;
      /** The approval's part of the transaction, for the key store of now. */
      readonly consume: (keyStore: KeyStoreRecord) => ApprovalChange;
      readonly alone?: never;
    }
  | { readonly alone: IdempotencyClaim };

export type AdmitRecovery = Authority & {
  readonly keyStore: string;
  readonly kind: RecoveryKind;
  readonly operationId: string;
  readonly backupId: string | null;
  readonly reason: string | null;
  readonly requestedBy: string;
  readonly decision: Decision;
};

/** What is written beside the recovery and its key store. */
function writtenWith(input: AdmitRecovery, current: KeyStoreRecord, now: string) {
  if (!input.alone) return { approval: input.consume(current), keyStore: {} };
  const { operationId, requestedBy: by, reason } = input;
  const review = { operationId, by, at: now };
  const parameters = { keyStore: input.keyStore };
  return {
    review: firstReview({ operationId, key: null, parameters, by, reason }, now),
    idempotency: idempotencyRecord(input.alone, input.operationId, now),
    keyStore: { openReviews: [...(current.openReviews ?? []), review] },
  };
}

/** Records that a recovery begins, and uses its approval up if it has one. @throws KeyturnError `OperationInProgress` and others */
export async function admitRecovery(deps: RecoveryDeps, input: AdmitRecovery): Promise<void> {
  const current = await recoverableKeyStore(deps.ledger, input.keyStore);
  const now = deps.clock.now();
  const { kind, operationId: id, keyStore: name, backupId, requestedBy } = input;
  const approvalId = input.alone ? null : input.approvalId;
  const recovery: RecoveryRecord = {
    id,
    kind,
    keyStore: name,
    keyStoreId: current.keyStoreId ?? '',
    state: 'running',
    phase: 'diagnose',
    cause: null,
    reason: input.reason,
    requestedBy,
    approvalId,
    attempt: 1,
    adminRound: 1,
    diagnosis: null,
    sourceClusterId: current.clusterId ?? '',
    clusterId: kind === 'key-store.restore' ? null : current.clusterId,
    backupId,
    backupAt: null,
    phases: [{ name: 'diagnose', startedAt: now, endedAt: null }],
    survey: NOTHING_SURVEYED,
    startedAt: now,
    endedAt: null,
  };
  const owned = { state: 'running' as const, step: kind, cause: null, operationId: id };
  const isEmergency = approvalId === null;
  const detail = { keyStore: name, kind, approval: approvalId, isEmergency };
  const { decision } = input;
  const entry = { actor: requestedBy, action: 'recovery.started', decision, detail };
  const { keyStore: more, ...rest } = writtenWith(input, current, now);
  const keyStore = { ...owned, ...more, startedAt: now, endedAt: null };
  await deps.ledger.commitKeyStore(toChange(current, { recovery, keyStore, entry, ...rest }, now));
}

/** What a step wants to change. */
export interface RecoveryDraft {
  readonly patch: Partial<RecoveryRecord>;
  readonly keyStore?: Partial<KeyStoreRecord>;
  readonly tasks?: readonly HsmTaskRecord[] | undefined;
  readonly action: string;
  readonly detail: Readonly<Record<string, AuditValue>>;
}

/**
 * Reads, decides, commits; decides again when the key store moved meanwhile.
 * @param decide null: nothing is to be changed
 * @throws KeyturnError `LeaseLost` when this attempt is not the one that may go on
 */
export async function mutateRecovery(
  { ledger, clock }: RecoveryDeps,
  at: RecoveryAddress,
  decide: (recovery: RecoveryRecord, now: string) => RecoveryDraft | null,
): Promise<RecoveryRecord> {
  return decidingAgain(MAX_TRIES, async () => {
    const keyStore = await ledger.readKeyStore(at.keyStore);
    const recovery = await readRecovery(ledger, at.keyStore, at.operationId);
    if (keyStore?.operationId !== at.operationId || recovery.attempt !== at.attempt)
      throw new KeyturnError('LeaseLost', `${at.operationId} was taken up by another attempt`);
    const now = clock.now();
    const draft = recovery.state === 'running' ? decide(recovery, now) : null;
    if (!draft) return recovery;
    const next = { ...recovery, ...draft.patch };
    const decision = { effect: 'permit' as const, rule: 'owns-the-key-store' };
    const entry = {
      actor: 'workflow/recover-key-store',
      action: draft.action,
      decision,
      detail: draft.detail,
    };
    const owner = draft.keyStore ?? { step: `Recover:${next.phase}` };
    await ledger.commitKeyStore(
      toChange(keyStore, { recovery: next, keyStore: owner, entry, tasks: draft.tasks }, now),
    );
    return next;
  });
}

/** The phases with the present one ended and another begun. */
export function nextPhase(
  { phases }: RecoveryRecord,
  phase: RecoveryPhase,
  now: string,
): readonly PhaseRecord[] {
  const ended = phases.map((one) => (one.endedAt === null ? { ...one, endedAt: now } : one));
  return phase === 'done' ? ended : [...ended, { name: phase, startedAt: now, endedAt: null }];
}

/** Stops it where it is, with the cause; the key store is free again. What was made stays and is gone on with. */
export async function parkRecovery(
  deps: RecoveryDeps,
  at: RecoveryAddress,
  cause: string,
): Promise<RecoveryRecord> {
  return mutateRecovery(deps, at, ({ phase }, now) => ({
    patch: { state: 'parked', cause, endedAt: now },
    keyStore: { state: 'done', step: 'RecoveryParked', cause, endedAt: now },
    action: 'recovery.parked',
    detail: { phase, cause },
  }));
}

/**
 * Takes a recovery up again that parked, or whose execution is gone: the next attempt looks at what there is.
 * @throws KeyturnError `OperationNotFound`, `OperationInProgress`, `TransitionForbidden`
 */
export async function resumeRecovery(
  { ledger, clock }: RecoveryDeps,
  input: { readonly keyStore: string; readonly id: string; by: string; decision: Decision },
): Promise<RecoveryRecord> {
  const { keyStore: name, id, by, decision } = input;
  const recovery = await readRecovery(ledger, name, id);
  if (recovery.state === 'done')
    throw new KeyturnError('TransitionForbidden', `${id} is done; there is nothing to go on with`);
  const current = await ledger.readKeyStore(name);
  if (!current || (current.operationId !== id && current.state === 'running'))
    throw new KeyturnError('OperationInProgress', `something else works on ${name}`);
  const [newest] = [...(await ledger.readRecoveries(name))].sort((a, b) => (a.id < b.id ? 1 : -1));
  if (newest?.id !== id)
    throw new KeyturnError(
      'TransitionForbidden',
      `${newest?.id} came after ${id}; go on with that`,
    );
  const now = clock.now();
  const attempt = recovery.attempt + 1;
  const phases = nextPhase(recovery, recovery.phase, now);
  const next = { ...recovery, state: 'running' as const, cause: null, endedAt: null, attempt };
  const entry = { actor: by, action: 'recovery.resumed', decision, detail: { attempt } };
  const keyStore = { state: 'running' as const, step: recovery.kind, cause: null, operationId: id };
  const change = { recovery: { ...next, phases }, keyStore, entry };
  await ledger.commitKeyStore(toChange(current, change, now));
  return change.recovery;
}
