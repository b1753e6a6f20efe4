// SPDX-License-Identifier: Apache-2.0
// What people have been given: the link of a mail, rights for a while, and a say in who decides.
import type { ApprovalRecord } from '#core/approvals/records.ts';
import type { RouteId } from '#core/contract/routes.ts';
import { recordFirstPolicy } from '#core/operations/activate-policy.ts';
import { decisionDigest } from '#core/policies/decision-policy.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { elevated } from '#test/support/elevations.ts';
import { linkOf } from '#test/support/mail-links.ts';
import type { World } from '#test/support/world.ts';

const POLICY_ROUTES: readonly RouteId[] = ['activateDecisionPolicy', 'withdrawDecisionPolicy'];

/** A deployment that changes who decides; where it is to be withdrawn, one that was agreed on. */
async function changedPolicy(world: World, route: RouteId): Promise<void> {
  await recordFirstPolicy(world.deps);
  world.people = world.people.filter(({ user }) => user !== 'ada');
  if (route === 'activateDecisionPolicy') return;
  const approval = await ask(world, 'quorum.change', {});
  for (const user of ['bob', 'carol', 'dan']) await vote(world, approval, user);
  await execute(world, approval);
}

/** Bodies and paths by route. */
export async function peopleScene(world: World, approval: ApprovalRecord, route: RouteId) {
  const link = await linkOf(world, 'bob', approval);
  const { id } = await elevated(world, 'carol');
  if (POLICY_ROUTES.includes(route)) await changedPolicy(world, route);
  return {
    bodies: {
      answerMail: { do: 'show', secret: link.secret },
      requestElevation: { group: 'grp_operators', seconds: 600, reason: 'asked' },
      activateDecisionPolicy: { digest: decisionDigest(world.deployed), reason: 'ada left' },
    },
    paths: { answerMail: { id: link.id }, showMailPage: { id: link.id }, revokeElevation: { id } },
  };
}
