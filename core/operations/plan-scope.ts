// SPDX-License-Identifier: Apache-2.0
// What the containment of a scope would do: which keys it has, in which order KMS is made to refuse them, how long that takes at
// least, and whether a quorum decides.
import type { KmsBudget } from '../contract/kms-quotas.ts';
import { KMS_QUOTAS } from '../contract/kms-quotas.ts';
import type { ContainmentKind, ContainmentMode } from '../contract/vocabulary.ts';
import { covers } from '../keys/containment.ts';
import type { KeyRecord } from '../keys/records.ts';
import { isInScope } from '../keys/scopes.ts';
import { intervalOf } from '../limits/token-schedule.ts';
import {
  type ContainmentRules,
  containmentRuleFor,
  rankOf,
  scopeRule,
} from '../policies/containment-rules.ts';
import type { Ledger, Page } from '../ports/ledger.ts';
import type { KeyScope } from '../ports/scope-containments.ts';

export interface PlanScopeDeps {
  readonly ledger: Pick<Ledger, 'listKeys' | 'listKeysOf'>;
  readonly containmentRules: ContainmentRules;
  /** Quotas of KMS, and Keyturn's share of them. */
  readonly kmsBudget: KmsBudget;
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
  /** There are more keys: not all were looked at, so all of this is of some of them. */
  readonly isPartial: boolean;
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

/**
 * What it would do, on the lists of now. Nothing is changed.
 * @param mayGoOn asked before each key, with how many would be contained so far: ten thousand keys are seconds of reading, and
 *   who only has to know that they are too many for one person, or that there is one, need not wait for all of them
 */
export async function planScope(
  deps: PlanScopeDeps,
  asked: AskedScope,
  mayGoOn: (keys: number) => boolean = () => true,
): Promise<ScopePlan> {
  const rule = scopeRule(deps.containmentRules);
  const protectedKeys: string[] = [];
  const byClass = new Map<string, number>();
  const calls = { hard: 0, locked: 0 };
  let already = 0;
  let keys = 0;
  let isPartial = false;
  for await (const key of keysOf(deps.ledger, asked.scope)) {
    if (!mayGoOn(keys)) {
      isPartial = true;
      break;
    }
    if (hasEnded(key)) continue;
    const mode =
      asked.mode ?? containmentRuleFor(deps.containmentRules, key.class).modes[asked.kind];
    if (deps.containmentRules.protectedKeys.includes(key.name)) protectedKeys.push(key.name);
    else if (covers(key.containment, { kind: asked.kind, mode })) already += 1;
    else {
      keys += 1;
      byClass.set(key.class, (byClass.get(key.class) ?? 0) + 1);
      // A key of tier `data` has nothing at KMS that could be blocked.
      if (key.tier === 'kms') calls[mode] += 1;
    }
  }
  const order = [...byClass]
    .map(([name, keys]) => ({ class: name, keys }))
    .sort((a, b) => rankOf(rule, a.class) - rankOf(rule, b.class) || (a.class < b.class ? -1 : 1));
  return {
    keys,
    isPartial,
    already,
    protectedKeys,
    order,
    floorSeconds: floorOf(calls, deps.kmsBudget),
    quorumBecause: quorumReason(deps, asked, { order, keys, isPartial }),
  };
}

function quorumReason(
  { containmentRules }: PlanScopeDeps,
  { kind }: AskedScope,
  { order, keys, isPartial }: Pick<ScopePlan, 'order' | 'keys' | 'isPartial'>,
): string | null {
  const notAlone = order.find(
    (one) => !containmentRuleFor(containmentRules, one.class).alone.includes(kind),
  );
  if (notAlone) return `nobody has keys of class ${notAlone.class} ${WORDS[kind]} alone`;
  const { maxKeysPerHour } = scopeRule(containmentRules);
  if (keys > maxKeysPerHour)
    return `it is ${isPartial ? 'more than ' : ''}${keys} keys, and one person has ${maxKeysPerHour} ${WORDS[kind]} by scope in an hour`;
  return null;
}

/** The class whose quorum decides on all: the first in the order of priority, and of what was not looked at whole the first of all. */
export function strictestOf(rules: ContainmentRules, { order, isPartial }: ScopePlan): string {
  const [first = ''] = scopeRule(rules).classOrder;
  return isPartial ? first : (order[0]?.class ?? first);
}
