// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  ApprovalRule,
  additionalAt,
  distinctTeamsOf,
  electorsOf,
  freezeRule,
  isThin,
  ruleFor,
} from '#core/policies/approval-rules.ts';
import { APPROVAL_RULES } from '#policies/approval-rules.ts';

const RULE: ApprovalRule = {
  name: 'rule',
  actions: ['key.release'],
  groups: [{ group: 'grp_custodians', required: 0 }],
  signed: false,
  slack: false,
  windowSeconds: 3600,
  executionSeconds: 600,
};
const people = (...users: string[]) =>
  users.map((user) => ({
    sub: `usr_${user}`,
    user,
    groups: ['grp_custodians'],
    teams: [] as string[],
  }));
const NOW = '2026-11-23T12:00:00.000Z';
const freeze = (patch: Partial<ApprovalRule>, of = people('a', 'b', 'c'), required = 2) =>
  freezeRule({ ...RULE, ...patch }, required, of, NOW);
const impossible = expect.objectContaining({ name: 'ApprovalImpossible' });

describe('approval rules', () => {
  it('of this deployment are all valid', () => {
    for (const rule of APPROVAL_RULES) expect(ApprovalRule.parse(rule)).toEqual(rule);
  });

  it.each([
    ['m = 0', { required: 0 }],
    ['a negative m', { required: -1 }],
    ['no group', { groups: [] }],
    ['no action', { actions: [] }],
    ['an unknown action', { actions: ['key.read'] }],
    ['a window that never opens', { windowSeconds: 0 }],
    [
      'an unknown time zone',
      {
        afterHours: {
          timeZone: 'Mars/Base',
          weekdays: [1],
          from: '08:00',
          to: '18:00',
          additional: 1,
        },
      },
    ],
    [
      'an hour that there is not',
      {
        afterHours: { timeZone: 'UTC', weekdays: [1], from: '24:00', to: '18:00', additional: 1 },
      },
    ],
    ['signed votes in Slack', { signed: true, slack: true }],
    ['a member that nobody knows', { selfApproval: true }],
  ])('refuses %s', (_what, patch) => {
    expect(ApprovalRule.safeParse({ ...RULE, ...patch }).success).toBe(false);
  });

  it('takes the first rule that matches, and is closed where none does', () => {
    expect(ruleFor(APPROVAL_RULES, 'key.release', 'payment-critical').name).toBe('payments-by-day');
    expect(ruleFor(APPROVAL_RULES, 'key.release', 'test').name).toBe('daily-work');
    expect(() => ruleFor([], 'key.release', 'test')).toThrow(impossible);
  });

  it.each([
    ['more than there are', { required: 4 }],
    ['more from a group than it has', { groups: [{ group: 'grp_custodians', required: 4 }] }],
    ['another team than there is', { distinctTeams: 2 }],
  ])('refuses a quorum of %s', (_what, patch) => {
    expect(() => freeze(patch)).toThrow(impossible);
  });

  it('does not count who asks among those who decide', () => {
    expect(electorsOf(RULE, people('a', 'b'), 'usr_a').map(({ user }) => user)).toEqual(['b']);
    expect(() => freeze({}, people('a'), 2)).toThrow(impossible);
  });

  it('warns when one more absence would end the ability to decide', () => {
    const frozen = freeze({});
    expect(isThin(frozen, people('a', 'b'))).toBe(true);
    expect(isThin(frozen, people('a', 'b', 'c'))).toBe(false);
  });

  it.each([
    ['on a Monday at noon', '2026-11-23T12:00:00.000Z', 0],
    ['on a Monday before eight', '2026-11-23T06:59:00.000Z', 1],
    ['at the end of the day', '2026-11-23T17:00:00.000Z', 1],
    ['on a Sunday', '2026-11-22T12:00:00.000Z', 1],
    ['in summer time', '2026-07-06T06:30:00.000Z', 0],
  ])('adds approvals outside of business hours: %s', (_when, at, additional) => {
    const afterHours = {
      timeZone: 'Europe/Berlin',
      weekdays: [1, 2, 3, 4, 5],
      from: '08:00',
      to: '18:00',
      additional: 1,
    };
    expect(additionalAt({ ...RULE, afterHours }, at)).toBe(additional);
  });

  it('counts nobody for two teams', () => {
    const of = (...teams: string[][]) => distinctTeamsOf(teams.map((one) => ({ teams: one })));
    expect(of(['a', 'b'])).toBe(1);
    expect(of(['a', 'b'], ['a'])).toBe(2);
    expect(of(['a'], ['a'])).toBe(1);
    expect(of([])).toBe(0);
  });
});
