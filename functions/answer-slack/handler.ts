// SPDX-License-Identifier: Apache-2.0
// What Slack posts when somebody presses a button or gives a reason. The signature says that it comes from Slack, the
// workspace's own record and the directory say whose it is; the vote is counted where every vote is counted.
import type { SlackInteraction } from '#adapters/slack/interaction.ts';
import { reasonRefused, reasonView } from '#adapters/slack/reason-view.ts';
import { systemClock } from '#adapters/system/system.ts';
import { KeyturnError } from '#core/errors.ts';
import { castVote } from '#core/operations/cast-vote.ts';
import { approvalNotFound } from '#core/operations/mutate-approval.ts';
import type { Principal } from '#core/ports/platform.ts';
import { type ApiAnswer, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { SealedBallots } from '../shared/ballots.ts';
import { environmentOf } from '../shared/environment.ts';
import { SlackDoor } from '../shared/slack-door.ts';
import { apiUrlOf, makePageLink } from '../shared/slack-page-link.ts';
import { authorizer, electorate, ledger, noticeRows, replayRows } from '../shared/wiring.ts';

type Vote = Extract<SlackInteraction, { kind: 'approve' | 'deny' }>;
type LinkWish = Extract<SlackInteraction, { kind: 'ask-link' }>;
type Question = Extract<SlackInteraction, { kind: 'ask-reason' }>;

const environment = environmentOf('answer-slack');
const home = environment.SLACK;
const table = ledger(environment.TABLE_NAME);
const access = authorizer(environment.STAGE);
const deps = {
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  // Slack signs nothing for anybody, so there is nothing to verify.
  verifier: { fault: async () => 'Slack takes no signatures' },
  passkeys: table,
  clock: systemClock,
};
const links = noticeRows(environment.TABLE_NAME);
const ballots = new SealedBallots(table, environment.TOKEN_KEY_ARN);
const slack =
  home &&
  new SlackDoor({
    stage: environment.STAGE,
    people: environment.PEOPLE,
    home,
    replays: replayRows(environment.TABLE_NAME),
  });

async function permit(voter: Principal) {
  const decision = await access.authorize(voter, 'approval:vote', {});
  if (decision.effect === 'permit') return decision;
  throw new KeyturnError('AccessDenied', `${voter.name} may not vote (${decision.rule})`);
}

async function vote(voter: Principal, interaction: Vote): Promise<void> {
  const { approvalId, digest, kind } = interaction;
  const { approval, decided } = await castVote(deps, {
    approvalId,
    by: voter,
    channel: 'slack',
    decision: kind,
    digest,
    reason: kind === 'deny' ? interaction.reason : null,
    signature: null,
    authorization: await permit(voter),
  });
  if (decided) await ballots.wake(approval);
}

/** Nobody writes a reason for what is not decided here; the vote is checked again when it is submitted. */
async function askReason(door: SlackDoor, question: Question): Promise<void> {
  const approval = await table.readApproval(question.approvalId);
  if (!approval) throw approvalNotFound();
  if (!approval.rule.slack)
    throw new KeyturnError('ChannelNotAllowed', 'this is not decided in Slack; use the page');
  if (approval.state !== 'pending')
    throw new KeyturnError('ApprovalClosed', `${approval.id} is ${approval.state} already`);
  await door.api.openView(question.triggerId, reasonView(question));
}

async function giveLink(door: SlackDoor, voter: Principal, wish: LinkWish, apiUrl: string) {
  await permit(voter);
  const approval = await table.readApproval(wish.approvalId);
  if (!approval) throw approvalNotFound();
  const link = await makePageLink({ ...deps, links }, approval, voter, apiUrl);
  await door.handOver(wish.userId, link);
}

async function act(door: SlackDoor, interaction: SlackInteraction, apiUrl: string) {
  if (interaction.kind === 'opened-page') return;
  try {
    const voter = await door.personOf(interaction.userId);
    if (interaction.kind === 'ask-reason') await askReason(door, interaction);
    else if (interaction.kind === 'ask-link') await giveLink(door, voter, interaction, apiUrl);
    else await vote(voter, interaction);
  } catch (error) {
    await door.explain(interaction.userId, error);
    throw error;
  }
}

/** The reason's own fault is shown beside it, in the view that stays open. */
function refusedReason(error: unknown): ApiAnswer {
  const isReason =
    error instanceof KeyturnError &&
    error.code === 'ValidationFailed' &&
    error.fields.some(({ pointer }) => pointer === '/reason');
  if (!isReason) throw error;
  return { body: reasonRefused(error.fields[0]?.detail ?? error.message) };
}

const answerSlack: RouteHandler = async ({ event }) => {
  if (!slack) throw new KeyturnError('RouteNotFound', 'this deployment has no Slack');
  try {
    const apiUrl = apiUrlOf(event, environment.API_URL_TEMPLATE);
    await act(slack, await slack.admit(event), apiUrl);
  } catch (error) {
    return refusedReason(error);
  }
  // An empty body takes a click, and closes a view.
  return { body: '', contentType: 'text/plain' };
};

export const handler = apiHandler({ answerSlack }, access);
