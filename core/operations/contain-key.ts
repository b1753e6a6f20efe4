// SPDX-License-Identifier: Apache-2.0
// Use case: stop a key or a version now. In the call: one conditional transaction denies it on the data plane, with its
// audit record, whatever else holds the key; then KMS is asked to refuse it. If KMS cannot be reached the denial stands all
// the same, and the workflow and the sweep go on until KMS was seen to refuse.
import type { ContainmentKind, ContainmentMode } from '../contract/vocabulary.ts';
import { KeyturnError } from '../errors.ts';
import { contained, covers, isContainable } from '../keys/containment.ts';
import { isGivingBack } from '../keys/destruction.ts';
import type { Containment, OperationRecord, VersionRecord } from '../keys/records.ts';
import { openReviewsWith, reviewWith } from '../keys/reviews.ts';
import { statusOf } from '../keys/status.ts';
import { type ContainmentRules, containmentRuleFor } from '../policies/containment-rules.ts';
import type { ApprovalChange, KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids, Workflows } from '../ports/platform.ts';
import type { StartSlots } from '../ports/start-slots.ts';
import { findClaimed, type IdempotencyClaim, idempotencyRecord, later } from './admit-operation.ts';
import { unlessDone } from './decide-again.ts';
import { type BlockDeps, block, blockTargets, hasStarted } from './enforce-containment.ts';
import { type Draft, keyNotFound, mutateKey, ROWS_AT_ONCE, requireManaged } from './mutate-key.ts';
import { parkedBehind } from './resume-key.ts';
import { searchFrom } from './sweep-orphans.ts';
import { type TakenOver, takeOver } from './take-over.ts';

export interface AdmitContainmentDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly slots: StartSlots;
  readonly containmentRules: ContainmentRules;
}

export interface ContainKeyDeps extends AdmitContainmentDeps, BlockDeps {
  readonly workflows: Workflows;
}

export interface ContainKeyInput {
  readonly key: string;
  /** Null: the whole key. */
  readonly version: number | null;
  readonly kind: ContainmentKind;
  /** Null: as the class says. */
  readonly mode: ContainmentMode | null;
  readonly reason: string;
  readonly occurredAt: string | null;
  /** Of the current version: the key goes on with a successor once the revocation is confirmed; absent: it stays closed. */
  readonly withSuccessor?: boolean | undefined;
  /** One acts alone although a quorum should decide; a review follows. */
  readonly isEmergency: boolean;
  readonly by: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
  /** The containment of a scope that it is a part of. */
  readonly scopeId?: string;
  /** The approval that is used up with it, null: with its scope's; neither rule nor cap of the class asks for another. */
  readonly approve?: (snapshot: KeySnapshot, operationId: string) => ApprovalChange | null;
}

export interface AdmittedContainment {
  readonly operationId: string;
  /** False: an earlier call contained at least as much. */
  readonly isNew: boolean;
}

/** A start of the workflow that was lost is noticed by the next sweep. */
const START_SECONDS = 60;
/** Longest a step of another operation runs on after it lost the key: the time limit of functions that change KMS keys. */
const QUIET_SECONDS = 35;

const WORDS = { revocation: 'revoked', suspension: 'suspended' } as const;
const OPERATIONS = { revocation: 'revoke-key', suspension: 'suspend-key' } as const;
/** Actions of the audit records, and so the events, of what is denied and not yet proven. */
const BEGUN = { revocation: 'key.revoking', suspension: 'key.suspending' } as const;

type Asked = Pick<ContainKeyInput, 'version' | 'kind'> & { readonly mode: ContainmentMode };

function forbidden(message: string, key: string): KeyturnError {
  return new KeyturnError('TransitionForbidden', message, { details: { key } });
}

function requireVersionScope({ key, versions }: KeySnapshot, asked: Asked): void {
  if (asked.version === null) return;
  const version = versions.find((one) => one.version === asked.version);
  if (!version || !isContainable(version))
    throw forbidden(
      `version ${asked.version} of ${key.name} does not exist, or not any more`,
      key.name,
    );
  const shares = versions.some(
    (one) =>
      one !== version && one.keyId !== null && one.keyId === version.keyId && isContainable(one),
  );
  if (shares)
    throw forbidden(
      `version ${asked.version} of ${key.name} is one KMS key with another version; revoke the key`,
      key.name,
    );
}

/** Keyturn's own KMS keys are none that it manages, and their policies deny our roles; these are managed and needed. */
function requireUnprotected(deps: AdmitContainmentDeps, { key }: KeySnapshot): void {
  if (!deps.containmentRules.protectedKeys.includes(key.name)) return;
  throw new KeyturnError(
    'KeyProtected',
    `${key.name} is one of those that Keyturn needs to act at all`,
    {
      details: { key: key.name },
    },
  );
}

/** What of the scope is contained already. */
function thereOf(
  { key, versions }: KeySnapshot,
  { version }: Pick<Asked, 'version'>,
): Containment | null {
  if (version === null) return key.containment ?? null;
  const ofVersion = versions.find((one) => one.version === version)?.containment;
  return ofVersion ?? null;
}

/** Only what is in use has a successor, and a key that is revoked as a whole has none. */
function requireSucceedable({ key }: KeySnapshot, { version, withSuccessor }: ContainKeyInput) {
  if (!withSuccessor || (version !== null && version === key.currentVersion)) return;
  throw forbidden(
    `a successor follows the revocation of the current version; that of ${key.name} is ${key.currentVersion}`,
    key.name,
  );
}

function check(
  deps: AdmitContainmentDeps,
  snapshot: KeySnapshot,
  input: ContainKeyInput,
  asked: Asked,
): void {
  const { key } = snapshot;
  requireManaged(key);
  requireUnprotected(deps, snapshot);
  requireVersionScope(snapshot, asked);
  if (asked.kind === 'suspension' && thereOf(snapshot, asked)?.kind === 'revocation')
    throw forbidden(`${key.name} is revoked, which a suspension cannot take back`, key.name);
  if (asked.version === null && key.state === 'destroyed')
    throw forbidden(`${key.name} is destroyed`, key.name);
  requireSucceedable(snapshot, input);
}

/** @throws KeyturnError `ApprovalRequired` where the rule of the class or its cap asks for a quorum */
async function requireAuthority(
  deps: AdmitContainmentDeps,
  { key }: KeySnapshot,
  input: ContainKeyInput,
): Promise<void> {
  if (input.approve) return;
  const rule = containmentRuleFor(deps.containmentRules, key.class);
  const needs = (why: string) =>
    new KeyturnError('ApprovalRequired', `${why}: a quorum decides (${rule.name})`, {
      details: { key: key.name, rule: rule.name },
    });
  if (!input.isEmergency && !rule.alone.includes(input.kind))
    throw needs(`nobody has a key of class ${key.class} ${WORDS[input.kind]} alone`);
  const slot = `contained-${key.class}`;
  const holder = input.claim.scope;
  if (!(await deps.slots.take(slot, deps.clock.now(), rule.maxPerHour, { holder })))
    throw needs(`${rule.maxPerHour} keys of class ${key.class} were contained in this hour`);
}

function operationOf(
  snapshot: KeySnapshot,
  input: ContainKeyInput,
  asked: Asked,
  { id, now, taken }: { readonly id: string; readonly now: string; readonly taken: TakenOver },
): OperationRecord {
  const { key } = snapshot;
  // What gives a key back from its destruction holds no lease, and enables it.
  const mayUndoBlock = taken.wasRunning || isGivingBack(snapshot);
  return {
    id,
    kind: OPERATIONS[asked.kind],
    key: key.name,
    version: asked.version ?? key.currentVersion ?? key.latestVersion,
    previousVersion: null,
    state: 'running',
    step: 'Admitted',
    cause: null,
    attempt: 1,
    batchId: null,
    trigger: 'api',
    requestedBy: input.by,
    reason: input.reason,
    containment: {
      version: asked.version,
      kind: asked.kind,
      mode: asked.mode,
      ...(input.withSuccessor ? { withSuccessor: true as const } : {}),
      quietUntil: mayUndoBlock ? later(now, QUIET_SECONDS) : null,
      ...(taken.handsBack ? { resumes: taken.handsBack } : {}),
    },
    startedAt: now,
    endedAt: null,
    retryAt: null,
    timeline: [{ step: 'Admitted', at: now }],
  };
}

/** The versions that the transaction changes, as they are then: as many as fit, what is in use first. */
function versionsOf(
  snapshot: KeySnapshot,
  asked: Asked,
  containment: Containment,
): VersionRecord[] {
  const { currentVersion } = snapshot.key;
  const inScope = snapshot.versions
    .filter(
      (one) => isContainable(one) && (asked.version === null || one.version === asked.version),
    )
    .sort((a, b) => b.version - a.version)
    .sort((a, b) => Number(b.version === currentVersion) - Number(a.version === currentVersion));
  return inScope
    .flatMap((version) => {
      const next = contained(version, containment);
      return next === version ? [] : [next];
    })
    .slice(0, ROWS_AT_ONCE);
}

function keyChange(
  { key, operation, versions: all }: KeySnapshot,
  asked: Asked,
  containment: Containment,
  versions: readonly VersionRecord[],
): NonNullable<Draft['key']> {
  const current = versions.find(({ version }) => version === key.currentVersion);
  const isUnborn =
    asked.version === null && asked.kind === 'revocation' && key.currentVersion === null;
  const made = all.find(({ version }) => version === operation?.version);
  const isDoubtful = made && made.keyId === null && made.creationAttempts > 0;
  const known = key.containedVersions ?? [];
  const fence = key.fence + 1;
  return {
    ...(asked.version === null ? { containment } : {}),
    containedVersions: [...new Set([...known, ...versions.map(({ version }) => version)])],
    state: current?.state ?? (isUnborn ? 'compromised' : key.state),
    fence,
    lease: {
      operationId: containment.operationId,
      fence,
      expiresAt: later(containment.at, START_SECONDS),
    },
    ...(isDoubtful ? { orphanSearch: searchFrom(containment.at) } : {}),
  };
}

/**
 * A lifting that loses the key may have opened versions at KMS already: what stays suspended is no longer proven, so it
 * is enforced and proven again with what is contained now.
 */
function provenNoMore({ key, versions, operation }: KeySnapshot, asked: Asked) {
  if (asked.version === null || operation?.kind !== 'resume-key' || !key.containment)
    return { key: {}, versions: [] };
  return {
    key: { containment: { ...key.containment, confirmedAt: null } },
    versions: versions.flatMap((version) =>
      version.version !== asked.version && version.containment?.kind === 'suspension'
        ? [{ ...version, containment: { ...version.containment, confirmedAt: null } }]
        : [],
    ),
  };
}

function draftOf(
  snapshot: KeySnapshot,
  input: ContainKeyInput,
  asked: Asked,
  context: { readonly id: string; readonly now: string; readonly parked: OperationRecord | null },
): Draft {
  const { id, now } = context;
  const taken = takeOver(snapshot, asked, context);
  const containment: Containment = {
    kind: asked.kind,
    mode: asked.mode,
    operationId: id,
    reason: input.reason,
    by: input.by,
    at: now,
    occurredAt: asked.kind === 'revocation' ? input.occurredAt : null,
    confirmedAt: null,
    ...(taken.resumes ? { resumes: taken.resumes } : {}),
    ...(input.scopeId ? { scopeId: input.scopeId } : {}),
  };
  const versions = versionsOf(snapshot, asked, containment);
  const again = provenNoMore(snapshot, asked);
  const approval = input.approve?.(snapshot, id);
  return {
    key: {
      ...keyChange(snapshot, asked, containment, versions),
      ...again.key,
      ...openReviewsWith(input, snapshot.key, id, now),
    },
    ...reviewWith(input, { operationId: id, key: snapshot.key.name, parameters: {} }, now),
    versions: [...versions, ...again.versions],
    operation: operationOf(snapshot, input, asked, { id, now, taken }),
    otherOperations: taken.operations,
    statuses: [statusOf(snapshot.key.name, asked.version, containment, now)],
    idempotency: idempotencyRecord(input.claim, id, now),
    ...(approval ? { approval } : {}),
    audit: {
      at: now,
      actor: input.by,
      action: BEGUN[asked.kind],
      decision: input.decision,
      operationId: id,
      detail: {
        keyVersions: asked.version === null ? 'all' : String(asked.version),
        mode: asked.mode,
        reason: input.reason,
        occurredAt: containment.occurredAt,
        isEmergency: input.isEmergency,
        withSuccessor: input.withSuccessor ?? false,
        took: taken.operations.map((one) => one.id).join(',') || null,
      },
    },
  };
}

/**
 * Writes the denial. From its commit on every decision of the data plane refuses; nothing else was done yet.
 * @throws KeyturnError `KeyNotFound`, `KeyReleased`, `KeyProtected`, `TransitionForbidden`, `ApprovalRequired`,
 *   `IdempotencyKeyReused`
 */
export async function admitContainment(
  deps: AdmitContainmentDeps,
  input: ContainKeyInput,
): Promise<AdmittedContainment> {
  const find = async () => {
    const operationId = await findClaimed(deps.ledger, input.claim);
    return operationId === null ? null : { operationId, isNew: false };
  };
  // Every read before the denial is time that it takes.
  const [known, first] = await Promise.all([find(), deps.ledger.readKey(input.key)]);
  return known ?? unlessDone(find, () => admitNew(deps, input, first));
}

async function admitNew(
  deps: AdmitContainmentDeps,
  input: ContainKeyInput,
  first: KeySnapshot | null,
): Promise<AdmittedContainment> {
  if (!first) throw keyNotFound(input.key);
  const rule = containmentRuleFor(deps.containmentRules, first.key.class);
  const asked: Asked = {
    version: input.version,
    kind: input.kind,
    mode: input.mode ?? rule.modes[input.kind],
  };
  check(deps, first, input, asked);
  if (!covers(thereOf(first, asked), asked)) await requireAuthority(deps, first, input);
  const parked = await parkedBehind(deps, first);
  const id = deps.ids.operationId();
  return mutateKey<AdmittedContainment>(deps.ledger, input.key, (snapshot) => {
    check(deps, snapshot, input, asked);
    const there = thereOf(snapshot, asked);
    if (there && covers(there, asked))
      return { draft: null, result: { operationId: there.operationId, isNew: false } };
    const draft = draftOf(snapshot, input, asked, { id, now: deps.clock.now(), parked });
    return { draft, result: { operationId: id, isNew: true } };
  });
}

export interface ContainedKey extends AdmittedContainment {
  /** `accepted`: KMS took the block of every version before this answer; else it is tried on. */
  readonly kms: 'accepted' | 'pending';
  /** False: the sweep starts what could not be started now. */
  readonly started: boolean;
}

/** Asks KMS once for each version; what fails is left to the workflow. */
async function blockNow(deps: ContainKeyDeps, name: string): Promise<ContainedKey['kms']> {
  const snapshot = await deps.ledger.readKey(name);
  const targets = snapshot ? blockTargets(snapshot) : [];
  const outcomes = await Promise.allSettled(targets.map((target) => block(deps, target)));
  return outcomes.every(({ status }) => status === 'fulfilled') ? 'accepted' : 'pending';
}

/**
 * Contains a key and starts what confirms it. Whatever fails behind the denial is no failure of the call.
 * @throws as {@link admitContainment}
 */
export async function containKey(
  deps: ContainKeyDeps,
  input: ContainKeyInput,
): Promise<ContainedKey> {
  const admitted = await admitContainment(deps, input);
  // A later pass over a scope asks KMS for nothing: what contained the key goes on with it.
  if (!admitted.isNew && input.scopeId) return { ...admitted, kms: 'pending', started: true };
  const kms = await blockNow(deps, input.key).catch(() => 'pending' as const);
  const started = admitted.isNew ? await hasStarted(deps, admitted.operationId) : true;
  return { ...admitted, kms, started };
}
