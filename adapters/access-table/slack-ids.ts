// SPDX-License-Identifier: Apache-2.0
// Who is who in Slack, from the directory of `policies/`; a deployment may give other ids by name.
import type { People } from '#core/contract/people.ts';

interface Known {
  readonly user: string;
  readonly sub: string;
  readonly groups: readonly string[];
  readonly slackUserId?: string;
}

/** The directory's people with their ids in Slack; an id of somebody whom it does not know counts for nothing. */
export function withSlackIds(people: readonly Known[], more: People): readonly Known[] {
  const given = new Map(Object.entries(more));
  return people.map((person) => {
    const slackUserId = given.get(person.user)?.slackUserId;
    return slackUserId === undefined ? person : { ...person, slackUserId };
  });
}
