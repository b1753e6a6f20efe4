// SPDX-License-Identifier: Apache-2.0
// Who is in the stand-in workspace: the local stage's people by name, and one of each kind that may never vote.

/** As `users.info` shows a person. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly team_id: string;
  readonly deleted: boolean;
  readonly is_bot: boolean;
  readonly is_restricted: boolean;
  readonly is_ultra_restricted: boolean;
}

export const TEAM_ID = 'T0LOCAL';
export const APP_ID = 'A0KEYTURN';
export const BOT_ID = 'U0KEYTURN';
export const CHANNEL_ID = 'C0APPROVALS';

const NAMES = ['alice', 'olga', 'bob', 'carol', 'dan', 'erin', 'frank', 'ada'];

function member(name: string, changes: Partial<Member> = {}): Member {
  return {
    id: `U0${name.toUpperCase()}`,
    name,
    team_id: TEAM_ID,
    deleted: false,
    is_bot: false,
    is_restricted: false,
    is_ultra_restricted: false,
    ...changes,
  };
}

export const MEMBERS: readonly Member[] = [
  ...NAMES.map((name) => member(name)),
  member('gone', { deleted: true }),
  member('guest', { is_restricted: true }),
  member('visitor', { is_ultra_restricted: true }),
  member('stranger', { team_id: 'T0OTHER' }),
  member('robot', { is_bot: true }),
  member('keyturn', { is_bot: true }),
];
