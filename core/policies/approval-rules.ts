// SPDX-License-Identifier: Apache-2.0
// Who decides on what: one rule per set of actions, with the quorum of the key's class. Rules are data
// (`policies/approval-rules.ts`); this file says what a valid one is, and freezes it for one request.
import { z } from 'zod';
import { APPROVAL_ACTIONS, type ApprovalAction } from '../contract/approvals.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');

/** Hours in which enough people are there; outside of them more have to agree. */
const BusinessHours = z.strictObject({
  timeZone: z.string().refine(isTimeZone, 'must be a time zone of the IANA database'),
  /** 1 is Monday, 7 is Sunday (ISO 8601). */
  weekdays: z.array(z.int().min(1).max(7)).min(1).max(7),
  from: clock,
  to: clock,
  /** Approvals more than the quorum, outside of the hours. */
  additional: z.int().min(1).max(10),
});

export const ApprovalRule = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
    actions: z.array(z.enum(APPROVAL_ACTIONS)).min(1),
    /** Classes that it is for; absent: all. The first rule that matches decides. */
    classes: z.array(z.string()).min(1).optional(),
    /** Groups whose members may vote, by immutable id, and how many of each must agree at least. */
    groups: z
      .array(z.strictObject({ group: z.string(), required: z.int().min(0).max(50) }))
      .min(1)
      .max(10),
    /** Approvals in all; absent: the quorum of the key's class. */
    required: z.int().min(1).max(50).optional(),
    /** Different teams that the approvals must come from; absent: 1, teams do not matter. */
    distinctTeams: z.int().min(1).max(10).optional(),
    afterHours: BusinessHours.optional(),
    /** A vote needs the signature of the voter's own key. */
    signed: z.boolean(),
    /** Whether Slack's buttons decide; where not, they lead to the page. */
    slack: z.boolean(),
    windowSeconds: z
      .int()
      .min(60)
      .max(30 * 86_400),
    /** From the last vote to the one execution, at most. */
    executionSeconds: z.int().min(10).max(86_400),
    /** Group that is told at 80 % of the window; its members vote only if `groups` has them. */
    deputies: z.string().optional(),
  })
  .refine((rule) => !rule.signed || !rule.slack, {
    message: 'a vote that must be signed cannot be cast in Slack',
    path: ['slack'],
  });
export type ApprovalRule = z.infer<typeof ApprovalRule>;

/** Somebody who may vote, as the directory knows them. */
export interface Elector {
  /** Immutable id of the human; two accounts of one human are one entry in the directory. */
  readonly sub: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly teams: readonly string[];
}

/** A rule as one request is held to it. */
export interface FrozenRule {
  readonly name: string;
  readonly required: number;
  readonly groups: readonly { readonly group: string; readonly required: number }[];
  readonly distinctTeams: number;
  readonly signed: boolean;
  readonly slack: boolean;
  readonly windowSeconds: number;
  readonly executionSeconds: number;
  readonly deputies: string | null;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The rule for an action on a key of a class. @throws KeyturnError `ApprovalImpossible` when there is none: closed */
export function ruleFor(
  rules: readonly ApprovalRule[],
  action: ApprovalAction,
  className: string,
): ApprovalRule {
  const found = rules.find(
    (rule) => rule.actions.includes(action) && (rule.classes?.includes(className) ?? true),
  );
  if (found) return found;
  throw impossible(`no rule says who approves ${action} for class ${className}`);
}

function impossible(detail: string): KeyturnError {
  return new KeyturnError(
    'ApprovalImpossible',
    `${detail}; change the rules (policies/approval-rules.ts) or the directory, nothing was done`,
  );
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Approvals more than the quorum at an instant. */
export function additionalAt({ afterHours }: ApprovalRule, at: Instant): number {
  if (!afterHours) return 0;
  const { timeZone, weekdays, from, to, additional } = afterHours;
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(at));
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  const time = `${part('hour')}:${part('minute')}`;
  const isDay = weekdays.includes(WEEKDAYS.indexOf(part('weekday')) + 1);
  // A span over midnight belongs to the day on which it is looked at.
  const isTime = from <= to ? from <= time && time < to : time >= from || time < to;
  return isDay && isTime ? 0 : additional;
}

/** Who may vote by the rule, whoever asks excluded, in the order of their ids. */
export function electorsOf(
  rule: Pick<ApprovalRule, 'groups'>,
  people: readonly Elector[],
  requestedBy: string,
): readonly Elector[] {
  return people
    .filter(
      ({ sub, groups }) =>
        sub !== requestedBy && rule.groups.some(({ group }) => groups.includes(group)),
    )
    .map(({ sub, user, groups, teams }) => ({ sub, user, groups, teams }))
    .sort((a, b) => (a.sub < b.sub ? -1 : 1));
}

/** What a rule asks for that these electors could never give; null when they can. */
export function quorumFault(rule: FrozenRule, electors: readonly Elector[]): string | null {
  if (rule.required > electors.length)
    return `${rule.required} approvals of ${electors.length} eligible people are asked for`;
  const short = rule.groups.find(
    ({ group, required }) =>
      electors.filter(({ groups }) => groups.includes(group)).length < required,
  );
  if (short) return `${short.required} approvals from ${short.group} are asked for; it has fewer`;
  const teams = distinctTeamsOf(electors);
  return rule.distinctTeams > 1 && teams < rule.distinctTeams
    ? `approvals from ${rule.distinctTeams} teams are asked for; the eligible have ${teams}`
    : null;
}

/** How many different teams people can stand for, one each: nobody is counted for two. */
export function distinctTeamsOf(people: readonly Pick<Elector, 'teams'>[]): number {
  const holder = new Map<string, number>();
  const place = (person: number, seen: Set<string>): boolean =>
    (people[person]?.teams ?? []).some((team) => {
      if (seen.has(team)) return false;
      seen.add(team);
      const other = holder.get(team);
      if (other !== undefined && !place(other, seen)) return false;
      holder.set(team, person);
      return true;
    });
  for (let person = 0; person < people.length; person += 1) place(person, new Set());
  return holder.size;
}

/** One that could not lose anybody: the loss of one elector more ends the ability to decide. */
export function isThin(rule: FrozenRule, electors: readonly Elector[]): boolean {
  return electors.length < rule.required + 1;
}

/**
 * The rule as a request made now is held to it.
 * @param classQuorum approvals that the class asks for, for a rule that names none
 * @throws KeyturnError `ApprovalImpossible` when those who are eligible could never satisfy it
 */
export function freezeRule(
  rule: ApprovalRule,
  classQuorum: number | undefined,
  electors: readonly Elector[],
  now: Instant,
): FrozenRule {
  const quorum = rule.required ?? classQuorum;
  if (quorum === undefined)
    throw impossible(`rule ${rule.name} has no quorum, and no class gives one`);
  const frozen: FrozenRule = {
    name: rule.name,
    required: quorum + additionalAt(rule, now),
    groups: rule.groups,
    distinctTeams: rule.distinctTeams ?? 1,
    signed: rule.signed,
    slack: rule.slack,
    windowSeconds: rule.windowSeconds,
    executionSeconds: rule.executionSeconds,
    deputies: rule.deputies ?? null,
  };
  const fault = quorumFault(frozen, electors);
  if (fault) throw impossible(`rule ${rule.name} cannot be satisfied: ${fault}`);
  return frozen;
}
