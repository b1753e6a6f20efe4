// SPDX-License-Identifier: Apache-2.0
// Takes votes, and takes requests back. It executes nothing: it wakes the workflow that waits.
import { systemClock } from '#adapters/system/system.ts';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { ApprovalId, CastVoteRequest } from '#core/contract/approvals.ts';
import { castVote as cast } from '#core/operations/cast-vote.ts';
import { approvalNotFound } from '#core/operations/mutate-approval.ts';
import { cancelApproval as cancel } from '#core/operations/tend-approval.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { parseBody } from '../shared/api-request.ts';
import { approvalView } from '../shared/approval-views.ts';
import { SealedBallots } from '../shared/ballots.ts';
import { environmentOf } from '../shared/environment.ts';
import { authorizer, electorate, ledger, voteVerifier } from '../shared/wiring.ts';

const environment = environmentOf('cast-vote');
const table = ledger(environment.TABLE_NAME);
const deps = {
  approvals: table,
  electorate: electorate(environment.STAGE, table),
  verifier: voteVerifier(environment.STAGE, environment.PEOPLE, environment.PASSKEYS, table),
  passkeys: table,
  clock: systemClock,
};
const ballots = new SealedBallots(table, environment.TOKEN_KEY_ARN);

function idOf(request: ApiRequest): string {
  const id = ApprovalId.safeParse(request.path['id']);
  if (id.success) return id.data;
  throw approvalNotFound();
}

async function answer(request: ApiRequest, approval: ApprovalRecord) {
  // Also for a vote that was cast before: its waking may have been lost.
  if (approval.state !== 'pending') await ballots.wake(approval);
  const people = await deps.electorate.people();
  return { body: approvalView(approval, people, request.principal.id) };
}

const castVote: RouteHandler = async (request) => {
  const authorization = await request.authorize({});
  const approvalId = idOf(request);
  const { decision, digest, reason, signature, channel } = parseBody(
    request.event,
    CastVoteRequest,
  );
  const { approval } = await cast(deps, {
    approvalId,
    by: request.principal,
    channel: channel ?? 'api',
    decision,
    digest,
    reason: reason ?? null,
    signature: signature ?? null,
    authorization,
  });
  return answer(request, approval);
};

const cancelApproval: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const id = idOf(request);
  const by = request.principal;
  return answer(request, await cancel(deps, { id, by, decision }));
};

export const handler = apiHandler({ castVote, cancelApproval }, authorizer(environment.STAGE));
