// SPDX-License-Identifier: Apache-2.0
// Use cases: ask for a mass brake and for its end. In the call one row is written; `enforce-brakes.ts` puts the policy on the
// roles, or takes it off, and proves it. A brake is for consumers that call KMS themselves, with whatever they have left.
import { type AuditEntry, genesisHash, link } from '../audit/chain.ts';
import { KeyturnError } from '../errors.ts';
import { isProtectedRole, type RoleProtection, rolesOf } from '../keys/braked-roles.ts';
import type { KeyRecord } from '../keys/records.ts';
import { reviewWith } from '../keys/reviews.ts';
import {
  type BrakeChange,
  type BrakeLift,
  type BrakeRecord,
  type BrakeScope,
  type Brakes,
  brakeStream,
  MOST_BRAKES,
} from '../ports/brakes.ts';
import type { ApprovalChange, Ledger, Page } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import type { StartSlots } from '../ports/start-slots.ts';
import { type IdempotencyClaim, requireSameBody } from './admit-operation.ts';
import { doingOnce } from './decide-again.ts';
import { pageOf } from './plan-scope.ts';

export interface BrakeDeps extends RoleProtection {
  readonly ledger: Pick<Ledger, 'listKeys' | 'listKeysOf'>;
  readonly brakes: Brakes;
  readonly slots: StartSlots;
  readonly clock: Clock;
}

export interface ApplyBrakeInput {
  readonly scope: BrakeScope;
  readonly reason: string;
  /** One acts alone although a quorum should decide; a review follows. */
  readonly isEmergency: boolean;
  readonly by: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
  /** The approval that is used up with it; absent: only an emergency is admitted. */
  readonly approve?: (brakeId: string) => ApprovalChange;
}

/** What quorum decides: the rule that names the acts says, whatever the classes of the keys. */
export const BRAKE_CLASS = 'mass-brake';
/** Brakes that one person applies alone in one clock hour. */
const EMERGENCIES_PER_HOUR = 1;
/** Keys of one page of an index. */
const PAGE = 500;
const ID_CHARACTERS = 26;
/** The same request has the same id, so that sent twice it is applied once. */
const idOf = ({ scope }: IdempotencyClaim) => `brk_${scope.slice(0, ID_CHARACTERS)}`;

/** A change of a brake with its audit record. */
export function linkedBrake(
  before: BrakeRecord | null,
  next: Omit<BrakeRecord, 'revision' | 'auditHead'>,
  entry: Omit<AuditEntry, 'operationId'>,
): Pick<BrakeChange, 'expectedRevision' | 'brake' | 'audit'> {
  const stream = brakeStream(next.id);
  const head = before
    ? { sequence: before.revision, hash: before.auditHead }
    : { sequence: 0, hash: genesisHash(stream) };
  const audit = link(stream, head, { ...entry, operationId: next.id });
  return {
    expectedRevision: before?.revision ?? null,
    brake: { ...next, revision: audit.sequence, auditHead: audit.hash },
    audit,
  };
}

/** In words, as people are shown it. */
export function scopeInWords({ kind, value }: BrakeScope): string {
  if (kind === 'all') return 'all consumers';
  return kind === 'role' ? `role ${value}` : `all consumers of ${kind} ${value}`;
}

/** A page of the keys whose roles a brake may be for. */
export function brakePage(
  ledger: BrakeDeps['ledger'],
  { kind, value }: BrakeScope,
  after: string | null,
): Promise<Page<KeyRecord>> {
  return kind === 'all' || kind === 'role'
    ? ledger.listKeys(after, PAGE)
    : pageOf(ledger, { kind, value: value ?? '' }, after, PAGE);
}

export interface BrakePlan {
  /** Roles that would get the policy. */
  readonly roles: number;
  /** ARNs of roles of the scope that are never touched. */
  readonly protectedRoles: readonly string[];
  /** There are more keys: not all were looked at. */
  readonly isPartial: boolean;
}

/**
 * Whose roles it would be, on the lists of now. Nothing is changed.
 * @param mayGoOn asked before each page of keys, with how many roles were found so far
 */
export async function planBrake(
  deps: Pick<BrakeDeps, 'ledger' | keyof RoleProtection>,
  scope: BrakeScope,
  mayGoOn: (roles: number) => boolean = () => true,
): Promise<BrakePlan> {
  const found = new Set<string>();
  const kept = new Set<string>();
  let after: string | null = null;
  do {
    if (!mayGoOn(found.size))
      return { roles: found.size, protectedRoles: [...kept], isPartial: true };
    const page: Page<KeyRecord> = await brakePage(deps.ledger, scope, after);
    for (const role of page.items.flatMap((key) => rolesOf(scope, key)))
      (isProtectedRole(role, deps) ? kept : found).add(role);
    after = page.nextCursor;
  } while (after !== null);
  return { roles: found.size, protectedRoles: [...kept], isPartial: false };
}

/** @throws KeyturnError `RoleProtected` where only such roles are left, `ValidationFailed` where none is */
export function requireRoles(scope: BrakeScope, plan: BrakePlan): void {
  if (plan.roles > 0 || plan.isPartial) return;
  const [first] = plan.protectedRoles;
  if (first !== undefined)
    throw new KeyturnError(
      'RoleProtected',
      `${first} is one of those that Keyturn needs to act, or that its settings protect: no brake is put on it`,
      { details: { role: first } },
    );
  throw new KeyturnError(
    'ValidationFailed',
    `no key names a role for ${scopeInWords(scope)}; "consumer list" shows who uses a key`,
    { fields: [{ pointer: '/scope', detail: 'has no role' }] },
  );
}

/** @throws KeyturnError `RoleProtected` for one role that is, whether or not a key names it */
export function requireUnprotected({ kind, value }: BrakeScope, protection: RoleProtection): void {
  if (kind !== 'role' || value === null || !isProtectedRole(value, protection)) return;
  requireRoles({ kind, value }, { roles: 0, protectedRoles: [value], isPartial: false });
}

/** @throws KeyturnError `ApprovalRequired` unless a quorum has decided, or it is the first emergency of the hour */
async function requireAuthority(deps: BrakeDeps, input: ApplyBrakeInput): Promise<void> {
  if (input.approve) return;
  const needs = (why: string) =>
    new KeyturnError('ApprovalRequired', `${why}: a quorum decides`, {
      details: { scope: input.scope.kind },
    });
  if (!input.isEmergency) throw needs('nobody applies a mass brake alone');
  const { by, claim } = input;
  const now = deps.clock.now();
  // One that failed behind its slot, or is under way twice, is the same one.
  const holder = claim.scope;
  if (await deps.slots.take(`brake-emergency-${by}`, now, EMERGENCIES_PER_HOUR, { holder })) return;
  throw needs(`${by} applied a mass brake alone in this hour`);
}

function first(
  { clock }: BrakeDeps,
  { scope, reason, isEmergency, by, claim }: ApplyBrakeInput,
): Omit<BrakeRecord, 'revision' | 'auditHead'> {
  const id = idOf(claim);
  const startedAt = clock.now();
  return {
    ...{ id, scope, reason, isEmergency, requestedBy: by, startedAt },
    openReview: isEmergency ? { operationId: id, by, at: startedAt, class: BRAKE_CLASS } : null,
    state: 'applying',
    roles: [],
    passes: 0,
    cursor: null,
    confirmedAt: null,
    lift: null,
    bodyHash: claim.bodyHash,
  };
}

/**
 * Writes that a brake is to be applied; nothing is denied yet when it returns.
 * @throws KeyturnError `RoleProtected`, `ValidationFailed` for a scope without roles, `ApprovalRequired`,
 *   `TransitionForbidden` while too many hold, `IdempotencyKeyReused`
 */
export async function admitBrake(deps: BrakeDeps, input: ApplyBrakeInput): Promise<BrakeRecord> {
  const find = async () => {
    const known = await deps.brakes.readBrake(idOf(input.claim));
    if (known) requireSameBody(known, input.claim);
    return known;
  };
  return doingOnce(find, () => admitNew(deps, input));
}

async function admitNew(deps: BrakeDeps, input: ApplyBrakeInput): Promise<BrakeRecord> {
  const { scope, reason, isEmergency, by, decision } = input;
  requireUnprotected(scope, deps);
  // One role is enough to begin; the rest is found while the policy is put on.
  requireRoles(scope, await planBrake(deps, scope, (roles) => roles === 0));
  if ((await deps.brakes.listOpenBrakes()).length >= MOST_BRAKES)
    throw new KeyturnError(
      'TransitionForbidden',
      `${MOST_BRAKES} brakes hold; lift one, or apply a wider one`,
    );
  await requireAuthority(deps, input);
  const next = first(deps, input);
  const change = linkedBrake(null, next, {
    at: next.startedAt,
    actor: by,
    action: 'brake.applying',
    decision,
    detail: { scope: scope.kind, value: scope.value, reason, isEmergency },
  });
  const approval = input.approve?.(next.id);
  await deps.brakes.commitBrake({
    ...change,
    isOpen: true,
    ...(approval ? { approval } : {}),
    ...reviewWith(
      input,
      { operationId: next.id, key: null, parameters: { brake: next.id } },
      next.startedAt,
    ),
  });
  return change.brake;
}

/** A brake that may be lifted. @throws KeyturnError `BrakeNotFound`, `TransitionForbidden` */
export async function liftableBrake(
  { brakes }: Pick<BrakeDeps, 'brakes'>,
  id: string,
): Promise<BrakeRecord> {
  const brake = await brakes.readBrake(id);
  if (!brake) throw brakeNotFound();
  if (brake.lift === null) return brake;
  throw new KeyturnError('TransitionForbidden', `${id} is ${brake.state} already`, {
    details: { brake: id },
  });
}

export const brakeNotFound = () =>
  new KeyturnError('BrakeNotFound', 'no such brake; "brake list" shows those that hold');

export interface LiftBrakeInput {
  readonly id: string;
  readonly approvalId: string;
  readonly reason: string | null;
  readonly by: string;
  readonly decision: Decision;
  readonly approve: (brake: BrakeRecord) => ApprovalChange;
}

/**
 * Records that a brake is to be lifted, with the approval that it uses up.
 * @throws KeyturnError as {@link liftableBrake}, `ApprovalStale`, `RevisionConflict` when it moved meanwhile
 */
export async function admitBrakeLift(
  deps: Pick<BrakeDeps, 'brakes' | 'clock'>,
  { id, approvalId, by, reason, decision, approve }: LiftBrakeInput,
): Promise<void> {
  const before = await liftableBrake(deps, id);
  const at = deps.clock.now();
  const lift: BrakeLift = { approvalId, by, reason, at, endedAt: null };
  const change = linkedBrake(
    before,
    { ...before, state: 'lifting', lift },
    {
      ...{ at, actor: by, action: 'brake.lifting', decision },
      detail: {
        ...{ scope: before.scope.kind, value: before.scope.value },
        ...{ reason, approval: approvalId },
      },
    },
  );
  await deps.brakes.commitBrake({ ...change, approval: approve(before) });
}
