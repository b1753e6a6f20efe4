// SPDX-License-Identifier: Apache-2.0
// Asking, voting and executing in a world.

import type { ActRequest } from '#core/approvals/act.ts';
import { type ActName, actOf } from '#core/approvals/acts/all.ts';
import type { ApprovalRecord, VoteRecord } from '#core/approvals/records.ts';
import type { VoteSignature } from '#core/contract/approvals.ts';
import { type CastVoteInput, castVote } from '#core/operations/cast-vote.ts';
import { executeApproved } from '#core/operations/execute-approved.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import type { Principal } from '#core/ports/platform.ts';
import { ALICE, PERMIT, type World } from './world.ts';

/** A signature in the right shape; whether it holds is the world's `signatureFault`. */
export const SIGNATURE: VoteSignature = {
  kind: 'ssh-ed25519',
  publicKey: 'ssh-ed25519 AAAA',
  signature: 'signature',
};

export function person(user: string): Principal {
  return { id: `usr_${user}`, kind: 'person', name: user, groups: ['grp_custodians'] };
}

let claims = 0;

export async function ask(
  world: World,
  action: ActName,
  request: Partial<ActRequest>,
  by: Principal = ALICE,
): Promise<ApprovalRecord> {
  claims += 1;
  return requestApproval(world.deps, actOf(action), {
    action,
    request: { key: null, version: null, operationId: null, parameters: {}, ...request },
    by,
    decision: PERMIT,
    reason: 'asked in a test',
    claim: { scope: `approval-test/${claims}`, bodyHash: 'body' },
  });
}

export async function vote(
  world: World,
  approval: ApprovalRecord,
  user: string,
  patch: Partial<CastVoteInput> = {},
): Promise<ApprovalRecord> {
  const cast = await castVote(world.deps, {
    approvalId: approval.id,
    by: person(user),
    channel: 'api',
    decision: 'approve',
    digest: approval.digest,
    reason: null,
    signature: approval.rule.signed ? SIGNATURE : null,
    authorization: PERMIT,
    ...patch,
  });
  return cast.approval;
}

export function execute(world: World, approval: Pick<ApprovalRecord, 'id'>) {
  return executeApproved(world.deps, actOf, approval.id);
}

export async function approvalOf(world: World, id: string): Promise<ApprovalRecord> {
  const found = await world.store.readApproval(id);
  if (!found) throw new Error(`no approval ${id}`);
  return found;
}

export const votersOf = (votes: readonly VoteRecord[]) => votes.map(({ name }) => name);
