// SPDX-License-Identifier: Apache-2.0
// Who in Slack may stand for a person at all: no bot, no guest, nobody who left, nobody of another workspace.
import { KeyturnError } from '#core/errors.ts';
import type { SlackUser } from './slack-api.ts';

/** @throws KeyturnError `AccessDenied` */
export function checkSlackUser(user: SlackUser, teamId: string): void {
  const refusals: readonly [boolean | undefined, string][] = [
    [user.deleted, 'this account is deactivated'],
    [user.is_bot || user.is_app_user || user.id === 'USLACKBOT', 'bots do not vote'],
    [user.is_restricted || user.is_ultra_restricted, 'guests of the workspace do not vote'],
    [user.is_stranger || (user.team_id ?? teamId) !== teamId, 'other workspaces do not vote'],
  ];
  const refusal = refusals.find(([applies]) => applies);
  if (refusal) throw new KeyturnError('AccessDenied', `Slack: ${refusal[1]}`);
}

/**
 * The one directory person whom a Slack id stands for. An id that several claim stands for none.
 * @throws KeyturnError `AccessDenied`
 */
export function personOfSlackUser<P extends { readonly slackUserId?: string | undefined }>(
  people: readonly P[],
  slackUserId: string,
): P {
  const [person, ...others] = people.filter((candidate) => candidate.slackUserId === slackUserId);
  if (!person || others.length > 0)
    throw new KeyturnError(
      'AccessDenied',
      'Slack: this account is not that of exactly one person of the directory; vote on the page',
    );
  return person;
}
