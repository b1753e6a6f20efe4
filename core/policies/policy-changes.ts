// SPDX-License-Identifier: Apache-2.0
// What differs between two decision policies, in words for those who decide on it.
import { canonicalHash } from '../crypto/hashing.ts';
import type { ApprovalRule, Elector } from './approval-rules.ts';
import type { DecisionPolicy } from './decision-policy.ts';

const listed = (values: readonly string[]) =>
  values.length > 0 ? [...values].sort().join(' and ') : 'none';

function named<T>(items: readonly T[], nameOf: (item: T) => string): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [nameOf(item), item]));
}

/** Members of a rule, one text each; a member that a later version adds is compared too. */
function membersOf(rule: ApprovalRule): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(rule).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
}

function ruleChanges(name: string, a: ApprovalRule, b: ApprovalRule): readonly string[] {
  const [before, after] = [membersOf(a), membersOf(b)];
  const members = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return members
    .filter((member) => before[member] !== after[member])
    .map(
      (member) =>
        `rule ${name}: ${member} ${before[member] ?? 'none'} becomes ${after[member] ?? 'none'}`,
    );
}

function personChanges(a: Elector, b: Elector): readonly string[] {
  const parts: string[] = [];
  for (const member of ['user', 'groups', 'teams'] as const) {
    const [before, after] = [[a[member]].flat(), [b[member]].flat()];
    if (listed(before) !== listed(after))
      parts.push(`${a.user} (${a.sub}): ${member} ${listed(before)} becomes ${listed(after)}`);
  }
  return parts;
}

/** Changes of things with names: gone, new, changed; in the order of names. */
function compared<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  words: {
    readonly gone: (name: string, item: T) => string;
    readonly added: (name: string, item: T) => string;
    readonly changed: (name: string, a: T, b: T) => readonly string[];
  },
): readonly string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    if (a !== undefined && b !== undefined) return words.changed(name, a, b);
    if (a !== undefined) return [words.gone(name, a)];
    return b === undefined ? [] : [words.added(name, b)];
  });
}

function orderChange(a: readonly ApprovalRule[], b: readonly ApprovalRule[]): readonly string[] {
  const order = (rules: readonly ApprovalRule[], others: readonly ApprovalRule[]) =>
    rules.map(({ name }) => name).filter((name) => others.some((rule) => rule.name === name));
  const [before, after] = [order(a, b), order(b, a)];
  return canonicalHash(before) === canonicalHash(after)
    ? []
    : [`rules are asked in another order: ${after.join(', ')}`];
}

/** Every difference, one line each; empty when there is none. */
export function policyChanges(old: DecisionPolicy, proposed: DecisionPolicy): readonly string[] {
  const rules = compared(
    named(old.rules, ({ name }) => name),
    named(proposed.rules, ({ name }) => name),
    {
      gone: (name, { actions }) => `rule ${name} is gone: ${actions.join(', ')}`,
      added: (name, { actions, required }) =>
        `rule ${name} is new: ${actions.join(', ')}, ${required ?? 'the quorum of the class'} to agree`,
      changed: ruleChanges,
    },
  );
  const quorums = compared(
    new Map(Object.entries(old.quorums)),
    new Map(Object.entries(proposed.quorums)),
    {
      gone: (name) => `class ${name} is gone`,
      added: (name, quorum) => `class ${name} is new: quorum ${quorum}`,
      changed: (name, a, b) => (a === b ? [] : [`class ${name}: quorum ${a} becomes ${b}`]),
    },
  );
  const people = compared(
    named(old.people, ({ sub }) => sub),
    named(proposed.people, ({ sub }) => sub),
    {
      gone: (sub, { user }) => `${user} (${sub}) is gone`,
      added: (sub, { user, groups }) => `${user} (${sub}) is new, in ${listed(groups)}`,
      changed: (_sub, a, b) => personChanges(a, b),
    },
  );
  return [...rules, ...orderChange(old.rules, proposed.rules), ...quorums, ...people];
}
