// SPDX-License-Identifier: Apache-2.0
// Use case: do what was approved, once. Everything is looked at again: the digest, who is eligible now, each signature,
// the window, and, inside the one transaction that does it, the state that the request rests on.
import type { Act, Consume } from '../approvals/act.ts';
import { sameDigest, tally } from '../approvals/quorum.ts';
import type { ApprovalRecord } from '../approvals/records.ts';
import { requestDigest } from '../approvals/request-digest.ts';
import type { ApprovalState } from '../contract/approvals.ts';
import { canonicalHash } from '../crypto/hashing.ts';
import { isError, KeyturnError } from '../errors.ts';
import type { ApprovalLedger, Electorate, VoteVerifier } from '../ports/approvals.ts';
import type { Clock, Workflows } from '../ports/platform.ts';
import { approvalNotFound, mutateApproval, toApprovalChange } from './mutate-approval.ts';
import { lapse } from './tend-approval.ts';

export interface ExecuteApprovedDeps {
  readonly approvals: ApprovalLedger;
  readonly electorate: Electorate;
  readonly verifier: VoteVerifier;
  readonly workflows: Workflows;
  readonly clock: Clock;
}

const EXECUTOR = 'system/execute-approved';

/** @returns why the request may not be executed now; null: it may */
async function faultOf(
  { electorate, verifier, clock }: ExecuteApprovedDeps,
  approval: ApprovalRecord,
): Promise<string | null> {
  const { executeBefore } = approval;
  if (executeBefore === null || clock.now() > executeBefore)
    return `its window ended at ${executeBefore}`;
  if (!sameDigest(requestDigest(approval), approval.digest))
    return 'its content does not have the digest that was voted on';
  const { satisfied, counted, missing } = tally(approval, await electorate.people());
  if (!satisfied) return `the quorum is not there any more: ${missing.join(', ')}`;
  for (const vote of counted) {
    const fault = await signatureFault(verifier, approval, vote);
    if (fault) return `the vote of ${vote.name} does not hold: ${fault}`;
  }
  return null;
}

async function signatureFault(
  verifier: VoteVerifier,
  approval: ApprovalRecord,
  vote: ApprovalRecord['votes'][number],
): Promise<string | null> {
  if (vote.signature) return verifier.fault(approval, vote, 'recorded');
  return approval.rule.signed ? 'it is not signed' : null;
}

/** What no later try can mend. */
const FINAL = [
  'ApprovalStale',
  'TransitionForbidden',
  'KeyNotFound',
  'KeyReleased',
  'KeyNotUsable',
  'OperationNotFound',
  'NotServedHere',
] as const;

/**
 * Executes an approved request; asked again, it answers what it did.
 * @returns the state that the request ended in
 * @throws KeyturnError `ApprovalNotFound`, `OperationInProgress` and what a later try may mend
 */
export async function executeApproved<D>(
  deps: ExecuteApprovedDeps & D,
  actOf: (action: ApprovalRecord['action']) => Act<D>,
  id: string,
): Promise<{ readonly state: ApprovalState; readonly executedAs: string | null }> {
  const approval = await deps.approvals.readApproval(id);
  if (!approval) throw approvalNotFound();
  const act = actOf(approval.action);
  if (approval.state === 'executed') {
    await startAll(deps, (await act.restart?.(deps, approval)) ?? []);
    return approval;
  }
  if (approval.state !== 'approved') return approval;
  const fault = await faultOf(deps, approval);
  if (fault) return letLapse(deps, id, fault);
  try {
    const starts = await act.execute(deps, approval, consumer(approval, deps.clock.now()));
    await startAll(deps, starts);
  } catch (error) {
    if (!isError(error, ...FINAL)) throw error;
    return letLapse(deps, id, `${error.code}: ${error.message}`);
  }
  return (await deps.approvals.readApproval(id)) ?? approval;
}

async function startAll(
  { workflows }: ExecuteApprovedDeps,
  starts: Awaited<ReturnType<Act<unknown>['execute']>>,
): Promise<void> {
  for (const { kind, operationId, attempt, input } of starts)
    await workflows.start(kind, operationId, attempt, input);
}

async function letLapse({ approvals, clock }: ExecuteApprovedDeps, id: string, cause: string) {
  const { approval } = await mutateApproval(approvals, id, (found) => ({
    draft: found.state === 'approved' ? lapse(found, clock.now(), cause) : null,
    result: null,
  }));
  return approval;
}

/** The approval's part of the act's transaction. */
export function consumer(approval: ApprovalRecord, now: string): Consume {
  return (basis, executedAs) => {
    if (!sameDigest(canonicalHash(basis), approval.basis)) {
      throw new KeyturnError(
        'ApprovalStale',
        `what ${approval.id} rests on has changed since it was asked for; ask again, and let people look again`,
        { details: { approvalId: approval.id } },
      );
    }
    return toApprovalChange(
      approval,
      { state: 'executed', executedAs, cause: null },
      {
        at: now,
        actor: EXECUTOR,
        action: 'approval.executed',
        decision: { effect: 'permit', rule: approval.rule.name },
        operationId: executedAs ?? approval.operationId,
        detail: {
          act: approval.action,
          key: approval.key,
          digest: approval.digest,
          approvers: approval.votes
            .filter(({ decision }) => decision === 'approve')
            .map(({ by }) => by)
            .join(','),
        },
      },
    );
  };
}
