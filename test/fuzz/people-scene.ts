// SPDX-License-Identifier: Apache-2.0
// What people have been given: the link of a mail, rights for a while, and a say in who decides.

import { enrollChallenge } from '#core/approvals/enroll-statement.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import type { RouteId } from '#core/contract/routes.ts';
import { openIncident } from '#core/incidents/manage-incidents.ts';
import { recordFirstPolicy } from '#core/operations/activate-policy.ts';
import { admitBrake } from '#core/operations/admit-brake.ts';
import { startPause } from '#core/operations/pauses.ts';
import { decisionDigest } from '#core/policies/decision-policy.ts';
import { PLAYBOOKS } from '#policies/playbooks.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { elevated } from '#test/support/elevations.ts';
import { linkOf } from '#test/support/mail-links.ts';
import { RP_ID, SoftwarePasskey } from '#test/support/passkey.ts';
import { enrolled } from '#test/support/signers.ts';
import { PERMIT, type World } from '#test/support/world.ts';

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

/** One that holds, but where another is to begin. @returns its id */
async function aPause(world: World, route: RouteId): Promise<string> {
  if (route === 'startPause') return '';
  const said = { reason: 'a storm', hours: 4, by: 'usr_alice', decision: PERMIT };
  return (await startPause(world.deps, said)).id;
}

/** One that holds where a route is about one. @returns its id */
async function aBrake(world: World, route: RouteId): Promise<string> {
  if (route !== 'getBrake' && route !== 'liftBrake') return '';
  const { id } = await admitBrake(world.deps, {
    ...{ scope: { kind: 'all', value: null }, reason: 'a library', isEmergency: true },
    ...{ by: 'usr_alice', decision: PERMIT },
    claim: { scope: 'b'.repeat(64), bodyHash: 'body' },
  });
  return id;
}

/** An incident with one task, or none where it is to be closed. @returns its id */
async function anIncident(world: World, route: RouteId): Promise<string> {
  const step = { phase: 'identify' as const, text: 'look' };
  const insider = route === 'closeIncident' ? [] : [step];
  const { incidents, ledger, clock } = world;
  const incident = await openIncident(
    { incidents, ledger, clock, playbooks: { ...PLAYBOOKS, insider } },
    {
      by: 'usr_alice',
      decision: PERMIT,
      type: 'insider',
      title: 'case 4711',
      keys: ['orders'],
      occurredAt: null,
      claim: { scope: 'a'.repeat(64), bodyHash: 'body' },
    },
  );
  return incident.id;
}

/** Bodies and paths by route. */
export async function peopleScene(world: World, approval: ApprovalRecord, route: RouteId) {
  const link = await linkOf(world, 'bob', approval);
  const enrolment = await linkOf(world, 'bob', { id: null });
  const { id } = await elevated(world, 'carol');
  const { id: signer } = await enrolled(world, 'olga');
  if (POLICY_ROUTES.includes(route)) await changedPolicy(world, route);
  const incident = await anIncident(world, route);
  const pause = await aPause(world, route);
  const brake = await aBrake(world, route);
  return {
    bodies: {
      openIncident: { type: 'insider', title: 'case 4711', keys: ['orders'] },
      addIncidentNote: { text: 'seen', phase: 'identify', keys: [] },
      addIncidentTask: { text: 'ask', phase: 'identify' },
      updateIncidentTask: { state: 'done', note: 'asked' },
      closeIncident: { rootCause: 'a log', followUps: ['scan'] },
      answerMail: { do: 'show', secret: link.secret },
      answerEnrollPage: { do: 'show', secret: enrolment.secret },
      applyBrake: { scope: { kind: 'all', value: null }, reason: 'a library' },
      liftBrake: { reason: 'replaced' },
      startPause: { hours: 4, reason: 'a storm' },
      requestElevation: { group: 'grp_operators', seconds: 600, reason: 'asked' },
      enrollSigner: new SoftwarePasskey().create({
        challenge: enrollChallenge('local', RP_ID, 'usr_alice'),
      }),
      activateDecisionPolicy: { digest: decisionDigest(world.deployed), reason: 'ada left' },
    },
    paths: {
      answerMail: { id: link.id },
      answerEnrollPage: { id: enrolment.id },
      showEnrollPage: { id: enrolment.id },
      showMailPage: { id: link.id },
      getBrake: { id: brake },
      liftBrake: { id: brake },
      endPause: { id: pause },
      revokeElevation: { id },
      removeSigner: { id: signer },
      getIncident: { id: incident },
      addIncidentNote: { id: incident },
      addIncidentTask: { id: incident },
      updateIncidentTask: { id: incident, task: 't1' },
      closeIncident: { id: incident },
    },
  };
}
