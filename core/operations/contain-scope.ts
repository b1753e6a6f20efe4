// SPDX-License-Identifier: Apache-2.0
// Use case: stop all keys of an owner, a class, an environment, an application or a host. In the call one transaction denies the scope on the data
// plane, however many keys it has; then `sweep-scope.ts` contains them one by one, as fast as KMS's quotas let it.
import { type AuditEntry, genesisHash, link } from '../audit/chain.ts';
import { KeyturnError } from '../errors.ts';
import { reviewWith } from '../keys/reviews.ts';
import { denialOf } from '../keys/scopes.ts';
import { scopeRule } from '../policies/containment-rules.ts';
import type { ApprovalChange } from '../ports/ledger.ts';
import type { Clock, Decision, Ids } from '../ports/platform.ts';
import {
  MOST_SCOPES,
  type ScopeChange,
  type ScopeContainment,
  type ScopeContainments,
  scopeStream,
} from '../ports/scope-containments.ts';
import type { StartSlots } from '../ports/start-slots.ts';
import { type IdempotencyClaim, requireSameBody } from './admit-operation.ts';
import { doingOnce } from './decide-again.ts';
import {
  type AskedScope,
  type PlanScopeDeps,
  planScope,
  type ScopePlan,
  strictestOf,
} from './plan-scope.ts';

export interface ContainScopeDeps extends PlanScopeDeps {
  readonly scopes: ScopeContainments;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly slots: StartSlots;
}

export interface ContainScopeInput extends AskedScope {
  readonly reason: string;
  readonly occurredAt: string | null;
  /** One acts alone although a quorum should decide; a review follows. */
  readonly isEmergency: boolean;
  readonly by: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
  /** The approval that is used up with it: then the cap asks for no other. */
  readonly approve?: (containmentId: string) => ApprovalChange;
}

/** Scopes that one person suspends alone, where a quorum should decide, in one clock hour. */
const EMERGENCIES_PER_HOUR = 1;

const ID_CHARACTERS = 26;
/** The same request has the same id, so that sent twice it contains once. */
const idOf = ({ scope }: IdempotencyClaim) => `scp_${scope.slice(0, ID_CHARACTERS)}`;

/** A change of a containment with its audit record. */
export function linkedScope(
  before: ScopeContainment | null,
  next: Omit<ScopeContainment, 'revision' | 'auditHead'>,
  entry: AuditEntry,
): Pick<ScopeChange, 'expectedRevision' | 'containment' | 'audit'> {
  const stream = scopeStream(next.id);
  const head = before
    ? { sequence: before.revision, hash: before.auditHead }
    : { sequence: 0, hash: genesisHash(stream) };
  const audit = link(stream, head, entry);
  return {
    expectedRevision: before?.revision ?? null,
    containment: { ...next, revision: audit.sequence, auditHead: audit.hash },
    audit,
  };
}

/** What one person does to any number of keys can be taken back. @throws KeyturnError `ValidationFailed` */
function requireReversible({ kind }: ContainScopeInput): void {
  if (kind === 'suspension') return;
  throw new KeyturnError(
    'ValidationFailed',
    'in an emergency a scope is suspended, which denies as much at once; ask for its revocation as well',
    { fields: [{ pointer: '/emergency', detail: 'is for a suspension' }] },
  );
}

/** @throws KeyturnError `ApprovalRequired` beyond the cap, or where a class asks for a quorum */
async function requireAuthority(
  deps: ContainScopeDeps,
  input: ContainScopeInput,
  plan: ScopePlan,
): Promise<void> {
  if (input.approve) return;
  const rule = scopeRule(deps.containmentRules);
  const needs = (why: string) =>
    new KeyturnError('ApprovalRequired', `${why}: a quorum decides (${rule.name})`, {
      details: { scope: input.scope.kind, rule: rule.name },
    });
  const now = deps.clock.now();
  // One that failed behind its slot, or is under way twice, is the same one.
  const holder = input.claim.scope;
  if (input.isEmergency) {
    requireReversible(input);
    if (await deps.slots.take(`scope-emergency-${input.by}`, now, EMERGENCIES_PER_HOUR, { holder }))
      return;
    throw needs(`${input.by} stopped a scope alone in this hour`);
  }
  if (plan.quorumBecause !== null) throw needs(plan.quorumBecause);
  const hasRoom =
    plan.keys === 0 ||
    (await deps.slots.take('contained-by-scope', now, rule.maxKeysPerHour, {
      count: plan.keys,
      holder,
    }));
  if (!hasRoom)
    throw needs(`${plan.keys} more would be over ${rule.maxKeysPerHour} keys in this hour`);
}

function requireSome({ scope }: AskedScope, plan: ScopePlan): void {
  if (plan.keys > 0 || plan.already > 0) return;
  const [first] = plan.protectedKeys;
  if (first !== undefined)
    throw new KeyturnError('KeyProtected', `${first} is one of those that Keyturn needs to act`, {
      details: { key: first },
    });
  throw new KeyturnError('ValidationFailed', `no key has the ${scope.kind} ${scope.value}`, {
    fields: [{ pointer: '/scope', detail: 'has no key' }],
  });
}

function first(
  deps: ContainScopeDeps,
  input: ContainScopeInput,
  plan: ScopePlan,
): Omit<ScopeContainment, 'revision' | 'auditHead'> {
  const { scope, kind, mode, reason, isEmergency, by } = input;
  const id = idOf(input.claim);
  return {
    id,
    openReview: isEmergency
      ? {
          operationId: id,
          by,
          at: deps.clock.now(),
          // Its quorum looks at all.
          class: strictestOf(deps.containmentRules, plan),
        }
      : null,
    scope,
    kind,
    mode,
    reason,
    occurredAt: kind === 'revocation' ? input.occurredAt : null,
    isEmergency,
    requestedBy: by,
    state: 'running',
    counts: { found: plan.keys + plan.already, contained: 0, already: 0, refused: 0, failed: 0 },
    floorSeconds: plan.floorSeconds,
    checkpoint: { pass: 1, rank: 0, cursor: null, changed: 0 },
    failures: [],
    startedAt: deps.clock.now(),
    endedAt: null,
    bodyHash: input.claim.bodyHash,
  };
}

function entryOf(input: ContainScopeInput, plan: ScopePlan, at: string): AuditEntry {
  return {
    at,
    actor: input.by,
    action: input.kind === 'revocation' ? 'scope.revoking' : 'scope.suspending',
    decision: input.decision,
    operationId: idOf(input.claim),
    detail: {
      scope: input.scope.kind,
      value: input.scope.value,
      mode: input.mode,
      reason: input.reason,
      occurredAt: input.occurredAt,
      isEmergency: input.isEmergency,
      keys: plan.keys,
    },
  };
}

export interface AdmittedScope {
  readonly containment: ScopeContainment;
  readonly isNew: boolean;
}

/**
 * Denies a scope. From the commit on the data plane refuses every key of it; nothing else was done yet.
 * @throws KeyturnError `ValidationFailed` for a scope without keys, `KeyProtected` for one of protected keys alone,
 *   `ApprovalRequired`, `TransitionForbidden` while too many run, `IdempotencyKeyReused`
 */
export async function admitScope(
  deps: ContainScopeDeps,
  input: ContainScopeInput,
): Promise<AdmittedScope> {
  const find = async () => {
    const known = await deps.scopes.readScope(idOf(input.claim));
    if (known === null) return null;
    requireSameBody(known, input.claim);
    return { containment: known, isNew: false };
  };
  return doingOnce(find, () => admitNew(deps, input));
}

async function admitNew(deps: ContainScopeDeps, input: ContainScopeInput): Promise<AdmittedScope> {
  // What a quorum has decided is denied at once; one person has few, or asks a quorum.
  const most = input.approve ? 0 : scopeRule(deps.containmentRules).maxKeysPerHour;
  const [plan, running] = await Promise.all([
    planScope(deps, input, (keys) => keys <= most),
    deps.scopes.listRunning(),
  ]);
  requireSome(input, plan);
  if (running.length >= MOST_SCOPES)
    throw new KeyturnError(
      'TransitionForbidden',
      `${MOST_SCOPES} scopes are being contained; wait for one to end, or contain a wider one`,
    );
  await requireAuthority(deps, input, plan);
  const change = linkedScope(
    null,
    first(deps, input, plan),
    entryOf(input, plan, deps.clock.now()),
  );
  const { containment } = change;
  const { id, startedAt } = containment;
  const approval = input.approve?.(id);
  await deps.scopes.commitScope({
    ...change,
    denial: { add: denialOf(containment, deps.containmentRules.protectedKeys) },
    ...(approval ? { approval } : {}),
    ...reviewWith(
      input,
      { operationId: id, key: null, parameters: { containment: id } },
      startedAt,
    ),
  });
  return { containment, isNew: true };
}
