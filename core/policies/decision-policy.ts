// SPDX-License-Identifier: Apache-2.0
// Who decides, as one value: rules, quorums of the classes, and the people with their groups and teams. What is
// deployed comes into force only when people agreed under the stricter of the old one and the new one (threat T8);
// until then the old one holds, and whoever was taken out of it counts no more at once.
import type { ApprovalAction } from '../contract/approvals.ts';
import { canonicalHash } from '../crypto/hashing.ts';
import type { Instant } from '../keys/records.ts';
import { type ApprovalRule, type Elector, ruleFor } from './approval-rules.ts';
import type { ClassPolicy } from './classes.ts';

export interface DecisionPolicy {
  readonly rules: readonly ApprovalRule[];
  /** Approvals that a class asks for, by its name. */
  readonly quorums: Readonly<Record<string, number>>;
  /** In the order of their ids. */
  readonly people: readonly Elector[];
}

/** A decision policy with its digest: SHA-256, hexadecimal, of its RFC 8785 form. */
export interface SealedPolicy {
  readonly digest: string;
  readonly policy: DecisionPolicy;
  /** When it came, or comes, into force. */
  readonly since: Instant;
  /** The request that brought it; null for the first, which nobody could be asked about. */
  readonly approvalId: string | null;
}

/** One row: what is in force, and what will be. */
export interface DecisionPolicyRecord {
  readonly active: SealedPolicy;
  /** Agreed on, in force from its `since` on; it can be taken back until then. */
  readonly next: SealedPolicy | null;
  readonly revision: number;
  readonly auditHead: string;
}

const bySub = (a: Elector, b: Elector) => (a.sub < b.sub ? -1 : 1);

/** The decision policy that tables of `policies/` make. */
export function decisionPolicyOf(
  rules: readonly ApprovalRule[],
  classes: readonly Pick<ClassPolicy, 'name' | 'quorum'>[],
  people: readonly Elector[],
): DecisionPolicy {
  return {
    rules,
    quorums: Object.fromEntries(classes.map(({ name, quorum }) => [name, quorum.required])),
    people: people
      .map(({ sub, user, groups, teams }) => ({ sub, user, groups, teams }))
      .sort(bySub),
  };
}

export function decisionDigest(policy: DecisionPolicy): string {
  return canonicalHash(policy);
}

/** What is active at an instant: the next one takes over by itself. */
export function activeAt({ active, next }: DecisionPolicyRecord, now: Instant): SealedPolicy {
  return next && next.since <= now ? next : active;
}

const common = (a: readonly string[], b: readonly string[]) => a.filter((one) => b.includes(one));

/** People of the active policy, less what the deployed directory took from them. */
function stillThere(active: readonly Elector[], deployed: readonly Elector[]): readonly Elector[] {
  return active.flatMap((person) => {
    const present = deployed.find(({ sub }) => sub === person.sub);
    if (!present) return [];
    const { groups, teams } = person;
    return [
      { ...person, groups: common(groups, present.groups), teams: common(teams, present.teams) },
    ];
  });
}

/** What decides at an instant. Without a record what is deployed does: a stage that was never used has nobody to ask. */
export function inForce(
  record: DecisionPolicyRecord | null,
  deployed: DecisionPolicy,
  now: Instant,
): DecisionPolicy {
  if (!record) return deployed;
  const { digest, policy } = activeAt(record, now);
  if (digest === decisionDigest(deployed)) return deployed;
  return { ...policy, people: stillThere(policy.people, deployed.people) };
}

type Group = ApprovalRule['groups'][number];

function stricterGroups(a: readonly Group[], b: readonly Group[]): readonly Group[] {
  const names = [...new Set([...a, ...b].map(({ group }) => group))].sort();
  const needed = (groups: readonly Group[], name: string) =>
    groups.find(({ group }) => group === name)?.required ?? 0;
  return names.map((group) => ({
    group,
    required: Math.max(needed(a, group), needed(b, group)),
  }));
}

/**
 * The rule for an action that satisfies both policies: the larger quorum, every group's larger part, signatures and
 * teams where one of them asks for it, the shorter window.
 * @param className quorum of this class where a rule names none
 * @throws KeyturnError `ApprovalImpossible` when one of them has no rule for the action
 */
export function stricterRule(
  old: DecisionPolicy,
  proposed: DecisionPolicy,
  action: ApprovalAction,
  className: string,
): ApprovalRule {
  const [a, b] = [
    ruleFor(old.rules, action, className),
    ruleFor(proposed.rules, action, className),
  ];
  const required = Math.max(
    a.required ?? old.quorums[className] ?? 0,
    b.required ?? proposed.quorums[className] ?? 0,
  );
  const deputies = a.deputies ?? b.deputies;
  const [afterHours] = [a.afterHours, b.afterHours].sort(
    (one, other) => (other?.additional ?? 0) - (one?.additional ?? 0),
  );
  return {
    name: a.name,
    actions: [action],
    ...(required > 0 ? { required } : {}),
    groups: [...stricterGroups(a.groups, b.groups)],
    distinctTeams: Math.max(a.distinctTeams ?? 1, b.distinctTeams ?? 1),
    signed: a.signed || b.signed,
    slack: a.slack && b.slack && !a.signed && !b.signed,
    windowSeconds: Math.min(a.windowSeconds, b.windowSeconds),
    executionSeconds: Math.min(a.executionSeconds, b.executionSeconds),
    ...(deputies ? { deputies } : {}),
    ...(afterHours ? { afterHours } : {}),
  };
}

/** People who may vote under both, with the groups and teams that both give them. */
export function electorsUnderBoth(
  old: DecisionPolicy,
  proposed: DecisionPolicy,
  action: ApprovalAction,
  className: string,
): readonly Elector[] {
  const groupsOf = ({ rules }: DecisionPolicy) =>
    ruleFor(rules, action, className).groups.map(({ group }) => group);
  const [before, after] = [groupsOf(old), groupsOf(proposed)];
  return stillThere(old.people, proposed.people).filter(({ sub }) => {
    const has = (people: readonly Elector[], wanted: readonly string[]) =>
      wanted.some((group) => people.find((one) => one.sub === sub)?.groups.includes(group));
    return has(old.people, before) && has(proposed.people, after);
  });
}
