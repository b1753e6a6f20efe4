// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApprovalRule, Elector } from '#core/policies/approval-rules.ts';
import {
  activeAt,
  type DecisionPolicy,
  decisionDigest,
  decisionPolicyOf,
  electorsUnderBoth,
  inForce,
  stricterRule,
} from '#core/policies/decision-policy.ts';
import { policyChanges } from '#core/policies/policy-changes.ts';
import { APPROVAL_RULES } from '#policies/approval-rules.ts';
import { CLASSES } from '#policies/classes.ts';
import { DIRECTORY } from '#policies/directory.ts';

const BEFORE = '2026-11-26T10:00:00.000Z';
const NOW = '2026-11-27T10:00:00.000Z';
const LATER = '2026-11-28T10:00:00.000Z';
const OLD = decisionPolicyOf(APPROVAL_RULES, CLASSES, DIRECTORY.local);
const sealed = (policy: DecisionPolicy, since = BEFORE) => ({
  digest: decisionDigest(policy),
  policy,
  since,
  approvalId: 'apr_1',
});
const recorded = (active: DecisionPolicy, next: DecisionPolicy | null = null, since = LATER) => ({
  active: sealed(active),
  next: next && sealed(next, since),
  revision: 1,
  auditHead: '',
});
const ruleOf = (policy: DecisionPolicy, name: string) =>
  policy.rules.find((rule) => rule.name === name) as ApprovalRule;
const withRule = (name: string, patch: Partial<ApprovalRule>): DecisionPolicy => ({
  ...OLD,
  rules: OLD.rules.map((rule) => (rule.name === name ? { ...rule, ...patch } : rule)),
});
const without = (user: string): DecisionPolicy => ({
  ...OLD,
  people: OLD.people.filter((person) => person.user !== user),
});
const mallory: Elector = {
  sub: 'usr_mallory',
  user: 'mallory',
  groups: ['grp_custodians'],
  teams: [],
};
const plusMallory: DecisionPolicy = { ...OLD, people: [...OLD.people, mallory] };
const usersOf = (people: readonly Elector[]) => people.map(({ user }) => user);

describe('the decision policy in force', () => {
  it('is what is deployed while none is recorded, and where what is recorded is the same', () => {
    expect(inForce(null, OLD, NOW)).toBe(OLD);
    expect(inForce(recorded(OLD), OLD, NOW)).toBe(OLD);
  });

  it('has the old rules and no new people until there is an agreement', () => {
    const lowered = {
      ...withRule('what-cannot-be-undone', { required: 1 }),
      people: plusMallory.people,
    };
    const held = inForce(recorded(OLD), lowered, NOW);

    expect(held.rules).toEqual(OLD.rules);
    expect(usersOf(held.people)).not.toContain('mallory');
  });

  it('forgets at once who left, and groups that were taken away', () => {
    const moved: DecisionPolicy = {
      ...without('bob'),
      people: without('bob').people.map((person) =>
        person.user === 'carol' ? { ...person, groups: ['grp_auditors'] } : person,
      ),
    };
    const held = inForce(recorded(OLD), moved, NOW);

    expect(usersOf(held.people)).not.toContain('bob');
    expect(held.people.find(({ user }) => user === 'carol')?.groups).toEqual([]);
  });

  it('changes at the instant that was agreed on, not before', () => {
    const record = recorded(OLD, plusMallory, NOW);

    expect(activeAt(record, BEFORE).digest).toBe(decisionDigest(OLD));
    expect(activeAt(record, NOW).digest).toBe(decisionDigest(plusMallory));
    expect(usersOf(inForce(record, plusMallory, NOW).people)).toContain('mallory');
  });

  it('has one digest whatever the order of people in the table', () => {
    const turned = decisionPolicyOf(APPROVAL_RULES, CLASSES, [...DIRECTORY.local].reverse());

    expect(decisionDigest(turned)).toBe(decisionDigest(OLD));
  });
});

describe('the stricter of two rules', () => {
  const name = 'what-changes-who-decides';
  const stricter = (proposed: DecisionPolicy) =>
    stricterRule(OLD, proposed, 'quorum.change', 'decision-policy');

  it.each<[string, Partial<ApprovalRule>, Partial<ApprovalRule>]>([
    ['fewer approvals', { required: 1 }, { required: 3 }],
    ['more approvals', { required: 4 }, { required: 4 }],
    ['votes without signature', { signed: false }, { signed: true, slack: false }],
    ['a longer window', { windowSeconds: 864_000 }, { windowSeconds: 172_800 }],
    ['teams', { distinctTeams: 2 }, { distinctTeams: 2 }],
    [
      'a part of a group',
      { groups: [{ group: 'grp_custodians', required: 2 }] },
      { groups: [{ group: 'grp_custodians', required: 2 }] },
    ],
  ])('for %s', (_what, patch, expected) => {
    expect(stricter(withRule(name, patch))).toMatchObject(expected);
  });

  it('is never weaker than either of them, for any two', () => {
    const numbers = fc.record({
      required: fc.integer({ min: 1, max: 9 }),
      distinctTeams: fc.integer({ min: 1, max: 4 }),
      windowSeconds: fc.integer({ min: 60, max: 1000 }),
      executionSeconds: fc.integer({ min: 10, max: 1000 }),
      signed: fc.boolean(),
    });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const rule = stricterRule(withRule(name, a), withRule(name, b), 'quorum.change', 'x');
        for (const one of [a, b]) {
          expect(rule.required).toBeGreaterThanOrEqual(one.required);
          expect(rule.distinctTeams).toBeGreaterThanOrEqual(one.distinctTeams);
          expect(rule.windowSeconds).toBeLessThanOrEqual(one.windowSeconds);
          expect(rule.executionSeconds).toBeLessThanOrEqual(one.executionSeconds);
          expect(rule.signed || !one.signed).toBe(true);
        }
      }),
    );
  });

  it('is none where one of them has none: nobody can approve it', () => {
    const none = { ...OLD, rules: OLD.rules.filter((rule) => rule.name !== name) };

    expect(() => stricter(none)).toThrow(/no rule says who approves/);
  });

  it('lets vote whom both let vote', () => {
    const both = (proposed: DecisionPolicy) =>
      usersOf(electorsUnderBoth(OLD, proposed, 'quorum.change', 'x'));

    expect(both(plusMallory)).toEqual(['bob', 'carol', 'dan', 'erin', 'frank']);
    expect(both(without('bob'))).toEqual(['carol', 'dan', 'erin', 'frank']);
    const others = withRule(name, { groups: [{ group: 'grp_operators', required: 0 }] });
    expect(both(others)).toEqual([]);
  });
});

describe('what differs, in words', () => {
  it.each<[string, DecisionPolicy, RegExp]>([
    [
      'a quorum of a rule',
      withRule('key-stores', { required: 1 }),
      /rule key-stores: required 3 becomes 1/,
    ],
    ['a signature', withRule('key-stores', { signed: false }), /signed true becomes false/],
    ['a new person', plusMallory, /mallory \(usr_mallory\) is new, in grp_custodians/],
    ['a person who left', without('bob'), /bob \(usr_bob\) is gone/],
    [
      'a quorum of a class',
      { ...OLD, quorums: { ...OLD.quorums, test: 1 } },
      /class test: quorum 2 becomes 1/,
    ],
    ['a rule less', { ...OLD, rules: OLD.rules.slice(1) }, /rule what-changes-who-decides is gone/],
    ['another order', { ...OLD, rules: [...OLD.rules].reverse() }, /another order: daily-work/],
  ])('%s', (_what, proposed, words) => {
    expect(policyChanges(OLD, proposed).join('\n')).toMatch(words);
    expect(decisionDigest(proposed)).not.toBe(decisionDigest(OLD));
  });

  it('is nothing between equals', () => {
    expect(policyChanges(OLD, structuredClone(OLD))).toEqual([]);
    expect(ruleOf(OLD, 'daily-work').slack).toBe(true);
  });
});
