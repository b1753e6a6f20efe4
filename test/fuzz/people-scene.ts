// SPDX-License-Identifier: Apache-2.0
// What people have been given: the link of a mail, and rights for a while.
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { elevated } from '#test/support/elevations.ts';
import { linkOf } from '#test/support/mail-links.ts';
import type { World } from '#test/support/world.ts';

/** Bodies and paths by route. */
export async function peopleScene(world: World, approval: ApprovalRecord) {
  const link = await linkOf(world, 'bob', approval);
  const { id } = await elevated(world, 'carol');
  return {
    bodies: {
      answerMail: { do: 'show', secret: link.secret },
      requestElevation: { group: 'grp_operators', seconds: 600, reason: 'asked' },
    },
    paths: { answerMail: { id: link.id }, showMailPage: { id: link.id }, revokeElevation: { id } },
  };
}
