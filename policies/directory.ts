// SPDX-License-Identifier: Apache-2.0
// Who exists, by stage. People are known by the immutable id of their identity provider. Only the local stage is
// seeded; another stage denies everybody until its people are listed here.
import type { Stage } from '#core/contract/vocabulary.ts';

export interface Person {
  /** Name used as an owner and with `--user` on the local stage. */
  readonly user: string;
  /** The `sub` claim: never reassigned. */
  readonly sub: string;
  readonly groups: readonly string[];
  /** Teams the person belongs to; a team can own keys. */
  readonly teams: readonly string[];
  /** Of the person's own age key: shares of material in escrow are sealed to it (`docs/escrow.md`). */
  readonly ageRecipient?: string;
  /** Lines as in `id_ed25519.pub`: votes that must be signed are signed with one of them (`docs/approvals.md`). */
  readonly signingKeys?: readonly string[];
  /** Where the person is told of requests for approval (`docs/mail.md`). */
  readonly email?: string;
  /** Whom a click in Slack stands for (`docs/slack.md`). */
  readonly slackUserId?: string;
}

/** Somebody of the local stage; its mail goes to the mailbox page alone, and its Slack is the stand-in. */
const seeded = (user: string, group: string, teams: readonly string[] = []): Person => ({
  user,
  sub: `usr_${user}`,
  groups: [group],
  teams,
  email: `${user}@keyturn.local`,
  slackUserId: `U0${user.toUpperCase()}`,
});
const custodian = (user: string) => seeded(user, 'grp_custodians');

const SEEDED: readonly Person[] = [
  seeded('alice', 'grp_operators', ['payments']),
  seeded('olga', 'grp_owners', ['payments']),
  custodian('bob'),
  custodian('carol'),
  custodian('dan'),
  custodian('erin'),
  custodian('frank'),
  seeded('ada', 'grp_auditors'),
];

export const DIRECTORY: Readonly<Record<Stage, readonly Person[]>> = {
  local: SEEDED,
  test: [],
  staging: [],
  production: [],
};

/** Teams that can own keys: those of the stage's people. */
export function teamsOf(people: readonly Person[]): readonly string[] {
  return [...new Set(people.flatMap((person) => person.teams))];
}
