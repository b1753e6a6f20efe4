// SPDX-License-Identifier: Apache-2.0
// Use case: stop all keys of an owner, a class, an environment, an application or a host. In the call one transaction denies the scope on the data
// plane, however many keys it has; then `sweep-scope.ts` contains them one by one, as fast as KMS's quotas let it.
import { type AuditEntry, genesisHash, link } from '../audit/chain.ts';
import type { KmsBudget } from '../contract/kms-quotas.ts';
import { KMS_QUOTAS } from '../contract/kms-quotas.ts';
import type { ContainmentKind, ContainmentMode } from '../contract/vocabulary.ts';
import { KeyturnError } from '../errors.ts';
import { covers } from '../keys/containment.ts';
import type { KeyRecord } from '../keys/records.ts';
import { reviewWith } from '../keys/reviews.ts';
import { denialOf, isInScope } from '../keys/scopes.ts';
import { intervalOf } from '../limits/token-schedule.ts';
import {
  type ContainmentRules,
  containmentRuleFor,
  rankOf,
  scopeRule,
} from '../policies/containment-rules.ts';
import type { ApprovalChange, Ledger, Page } from '../ports/ledger.ts';
import type { Clock, Decision, Ids } from '../ports/platform.ts';
import {
  type KeyScope,
  MOST_SCOPES,
  type ScopeChange,
  type ScopeContainment,
  type ScopeContainments,
  scopeStream,
} from '../ports/scope-containments.ts';
import type { StartSlots } from '../ports/start-slots.ts';
import type { IdempotencyClaim } from './admit-operation.ts';

export interface PlanScopeDeps {
  readonly ledger: Pick<Ledger, 'listKeys' | 'listKeysOf'>;
  readonly containmentRules: ContainmentRules;
  /** Quotas of KMS, and Keyturn's share of them. */
  readonly kmsBudget: KmsBudget;
}

export interface ContainScopeDeps extends PlanScopeDeps {
  readonly scopes: ScopeContainments;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly slots: StartSlots;
}

export interface AskedScope {
  readonly scope: KeyScope;
  readonly kind: ContainmentKind;
  /** Null: as the class of each key says. */
  readonly mode: ContainmentMode | null;
}

export interface ScopePlan {
  /** Keys that would be contained now. */
  readonly keys: number;
  /** Of the scope, and contained as much already. */
  readonly already: number;
  /** Names of keys of the scope that are never contained. */
  readonly protectedKeys: readonly string[];
  /** The classes in the order in which KMS is made to refuse their keys. */
  readonly order: readonly { readonly class: string; readonly keys: number }[];
  /** Below this nobody goes: one call of KMS for each key, at the rate of the incident lane. */
  readonly floorSeconds: number;
  /** Why a quorum has to decide; null: one person may do it, if the cap of the hour has room. */
  readonly quorumBecause: string | null;
}

/** Keys of one page of an index. */
const PLAN_PAGE = 500;
const hasEnded = ({ releasedAt, state }: KeyRecord) => releasedAt || state === 'destroyed';
const WORDS = { revocation: 'revoked', suspension: 'suspended' } as const;

/** A page of what a scope may have: by an index where there is one, else of all keys, of which the scope's are to be picked. */
export function pageOf(
  ledger: PlanScopeDeps['ledger'],
  scope: KeyScope,
  after: string | null,
  limit: number,
): Promise<Page<KeyRecord>> {
  const { kind, value } = scope;
  return kind === 'class' || kind === 'environment'
    ? ledger.listKeys(after, limit)
    : ledger.listKeysOf({ kind, value }, after, limit);
}

/** All keys of a scope, page by page; those that ended too. */
export async function* keysOf(ledger: PlanScopeDeps['ledger'], scope: KeyScope) {
  let after: string | null = null;
  do {
    const page: Page<KeyRecord> = await pageOf(ledger, scope, after, PLAN_PAGE);
    yield* page.items.filter((key) => isInScope(scope, key));
    after = page.nextCursor;
  } while (after !== null);
}

/** Seconds that KMS's quotas ask for at least: calls of one kind go one after the other, of two kinds side by side. */
function floorOf(
  calls: Readonly<Record<ContainmentMode, number>>,
  { share, quotas }: KmsBudget,
): number {
  const seconds = (call: 'DisableKey' | 'PutKeyPolicy', count: number) =>
    (count * intervalOf({ quota: quotas[call] ?? KMS_QUOTAS[call], share }, 'incident')) / 1000;
  return Math.ceil(
    Math.max(seconds('DisableKey', calls.hard), seconds('PutKeyPolicy', calls.locked)),
  );
}

/** What it would do, on the lists of now. Nothing is changed. */
export async function planScope(deps: PlanScopeDeps, asked: AskedScope): Promise<ScopePlan> {
  const rule = scopeRule(deps.containmentRules);
  const protectedKeys: string[] = [];
  const byClass = new Map<string, number>();
  const calls = { hard: 0, locked: 0 };
  let already = 0;
  for await (const key of keysOf(deps.ledger, asked.scope)) {
    if (hasEnded(key)) continue;
    const mode =
      asked.mode ?? containmentRuleFor(deps.containmentRules, key.class).modes[asked.kind];
    if (deps.containmentRules.protectedKeys.includes(key.name)) protectedKeys.push(key.name);
    else if (covers(key.containment, { kind: asked.kind, mode })) already += 1;
    else {
      byClass.set(key.class, (byClass.get(key.class) ?? 0) + 1);
      // A key of tier `data` has nothing at KMS that could be blocked.
      if (key.tier === 'kms') calls[mode] += 1;
    }
  }
  const order = [...byClass]
    .map(([name, keys]) => ({ class: name, keys }))
    .sort((a, b) => rankOf(rule, a.class) - rankOf(rule, b.class) || (a.class < b.class ? -1 : 1));
  const keys = order.reduce((sum, one) => sum + one.keys, 0);
  return {
    keys,
    already,
    protectedKeys,
    order,
    floorSeconds: floorOf(calls, deps.kmsBudget),
    quorumBecause: quorumReason(deps, asked, order, keys),
  };
}

function quorumReason(
  { containmentRules }: PlanScopeDeps,
  { kind }: AskedScope,
  order: ScopePlan['order'],
  keys: number,
): string | null {
  const notAlone = order.find(
    (one) => !containmentRuleFor(containmentRules, one.class).alone.includes(kind),
  );
  if (notAlone) return `nobody has keys of class ${notAlone.class} ${WORDS[kind]} alone`;
  const { maxKeysPerHour } = scopeRule(containmentRules);
  if (keys > maxKeysPerHour)
    return `it is ${keys} keys, and one person has ${maxKeysPerHour} ${WORDS[kind]} by scope in an hour`;
  return null;
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
  if (input.isEmergency) {
    requireReversible(input);
    if (await deps.slots.take(`scope-emergency-${input.by}`, now, EMERGENCIES_PER_HOUR)) return;
    throw needs(`${input.by} stopped a scope alone in this hour`);
  }
  if (plan.quorumBecause !== null) throw needs(plan.quorumBecause);
  const hasRoom =
    plan.keys === 0 ||
    (await deps.slots.take('contained-by-scope', now, rule.maxKeysPerHour, plan.keys));
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
  // The first in the order of priority: its quorum looks at all.
  const [strictest] = plan.order;
  return {
    id,
    openReview: isEmergency
      ? {
          operationId: id,
          by,
          at: deps.clock.now(),
          class: strictest?.class ?? scopeRule(deps.containmentRules).classOrder[0] ?? '',
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

/**
 * Denies a scope. From the commit on the data plane refuses every key of it; nothing else was done yet.
 * @throws KeyturnError `ValidationFailed` for a scope without keys, `KeyProtected` for one of protected keys alone,
 *   `ApprovalRequired`, `TransitionForbidden` while too many run, `IdempotencyKeyReused`
 */
export async function admitScope(
  deps: ContainScopeDeps,
  input: ContainScopeInput,
): Promise<{ readonly containment: ScopeContainment; readonly isNew: boolean }> {
  const known = await deps.scopes.readScope(idOf(input.claim));
  if (known) {
    if (known.bodyHash === input.claim.bodyHash) return { containment: known, isNew: false };
    throw new KeyturnError(
      'IdempotencyKeyReused',
      'this Idempotency-Key stands for another request',
    );
  }
  const [plan, running] = await Promise.all([planScope(deps, input), deps.scopes.listRunning()]);
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
