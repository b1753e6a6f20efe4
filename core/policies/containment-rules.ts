// SPDX-License-Identifier: Apache-2.0
// Who may contain keys alone, how, and how many in an hour. The first rule that names the class decides; what no rule
// names needs a quorum. `policies/containment-rules.ts` holds the rules.
import type { Containment } from '../keys/records.ts';

type ContainmentKind = Containment['kind'];
type ContainmentMode = Containment['mode'];

export interface ContainmentRule {
  readonly name: string;
  /** Classes that it is for; absent: all. */
  readonly classes?: readonly string[];
  /** What one person, who may do it at all, does without others. In an emergency either is done first. */
  readonly alone: readonly ContainmentKind[];
  readonly modes: Readonly<Record<ContainmentKind, ContainmentMode>>;
  /** Keys of the class that people contain alone in one clock hour; beyond it a quorum decides (threat T16). */
  readonly maxPerHour: number;
}

/** Many keys at once: an owner's, a class's, an environment's. */
export interface ScopeRule {
  readonly name: string;
  /** Keys that people contain by scope alone in one clock hour; beyond it a quorum decides. */
  readonly maxKeysPerHour: number;
  /** The classes whose keys KMS is made to refuse first, in this order; others follow. */
  readonly classOrder: readonly string[];
}

export interface ContainmentRules {
  readonly rules: readonly ContainmentRule[];
  /** Absent: scopes need a quorum. */
  readonly scopes?: ScopeRule;
  /** Names of keys that Keyturn or its operators need to act at all: nobody contains them. */
  readonly protectedKeys: readonly string[];
}

const NOBODY_ALONE: ContainmentRule = {
  name: 'no-rule-names-the-class',
  alone: [],
  modes: { suspension: 'hard', revocation: 'hard' },
  maxPerHour: 0,
};

/** The rule for keys of a class. */
export function containmentRuleFor(
  { rules }: ContainmentRules,
  className: string,
): ContainmentRule {
  const isFor = ({ classes }: ContainmentRule) => classes?.includes(className) ?? true;
  return rules.find(isFor) ?? NOBODY_ALONE;
}

const NO_SCOPES_ALONE: ScopeRule = {
  name: 'scopes-by-quorum',
  maxKeysPerHour: 0,
  classOrder: [],
};

/** The rule for containments of a scope. */
export function scopeRule({ scopes }: ContainmentRules): ScopeRule {
  return scopes ?? NO_SCOPES_ALONE;
}

/** When the keys of a class have their turn: 0 first. Classes that the order does not name share the last. */
export function rankOf({ classOrder }: ScopeRule, className: string): number {
  const rank = classOrder.indexOf(className);
  return rank === -1 ? classOrder.length : rank;
}
