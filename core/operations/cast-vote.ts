// SPDX-License-Identifier: Apache-2.0
// Use case: one person decides on one request, on whatever surface. One reject ends it; the last approval that the
// quorum needs opens its window for one execution.
import { withUse } from '../approvals/passkey-use.ts';
import { eligibleNow, sameDigest, tally } from '../approvals/quorum.ts';
import type { ApprovalRecord, VoteRecord } from '../approvals/records.ts';
import type { VoteChannel, VoteDecision, VoteSignature } from '../contract/approvals.ts';
import { KeyturnError } from '../errors.ts';
import type { Elector } from '../policies/approval-rules.ts';
import type { ApprovalLedger, Electorate, VoteVerifier } from '../ports/approvals.ts';
import type { Passkeys } from '../ports/passkeys.ts';
import type { Clock, Decision, Principal } from '../ports/platform.ts';
import { later } from './admit-operation.ts';
import {
  type ApprovalDraft,
  approvalNotFound,
  approvalStream,
  mutateApproval,
} from './mutate-approval.ts';
import { expiryOf } from './tend-approval.ts';

export interface CastVoteDeps {
  readonly approvals: ApprovalLedger;
  readonly electorate: Electorate;
  readonly verifier: VoteVerifier;
  readonly passkeys: Passkeys;
  readonly clock: Clock;
}

export interface CastVoteInput {
  readonly approvalId: string;
  readonly by: Principal;
  readonly channel: VoteChannel;
  readonly decision: VoteDecision;
  /** Of what the voter saw. */
  readonly digest: string;
  readonly reason: string | null;
  readonly signature: VoteSignature | null;
  /** Why the surface let the vote through, for the audit record. */
  readonly authorization: Decision;
}

type Checked = CastVoteInput & { readonly people: readonly Elector[]; readonly now: string };

const denied = (code: 'NotEligible' | 'ChannelNotAllowed' | 'SignatureRequired', text: string) =>
  new KeyturnError(code, text);

/** @throws KeyturnError for whoever may not decide on this request there, or saw another one */
function requireVoter(approval: ApprovalRecord, input: Checked): Elector {
  const { by, channel } = input;
  if (by.kind !== 'person') throw denied('NotEligible', 'only people vote');
  if (by.id === approval.requestedBy)
    throw denied('NotEligible', 'whoever asks for an act does not decide on it');
  const elector = eligibleNow(approval, input.people, by.id);
  if (!elector)
    throw denied(
      'NotEligible',
      `you are not among those who decide on ${approval.id}: its roster was frozen when it was asked for`,
    );
  if (channel === 'slack' && !approval.rule.slack)
    throw denied('ChannelNotAllowed', 'this is not decided in Slack; use the page or the CLI');
  return elector;
}

/** @throws KeyturnError `ApprovalClosed` naming what became of it */
function requireOpen(approval: ApprovalRecord): void {
  if (approval.state === 'pending') return;
  throw closed(approval);
}

function closed({
  id,
  state,
  cause,
}: Pick<ApprovalRecord, 'id' | 'state' | 'cause'>): KeyturnError {
  return new KeyturnError(
    'ApprovalClosed',
    `${id} is ${state} already${cause ? ` (${cause})` : ''}; your vote changes nothing`,
    { details: { approvalId: id, state } },
  );
}

function requireDigest(approval: ApprovalRecord, seen: string): void {
  if (sameDigest(approval.digest, seen)) return;
  throw new KeyturnError(
    'ApprovalStale',
    'the request is not the one that you saw: look at it again and compare its digest',
    { details: { approvalId: approval.id } },
  );
}

function toVote({ by, decision, now, channel, digest, reason, signature }: Checked): VoteRecord {
  const name = by.name ?? by.id;
  return { by: by.id, name, decision, at: now, channel, digest, reason, signature };
}

function draftOf(approval: ApprovalRecord, input: Checked): ApprovalDraft {
  const votes = [...approval.votes, toVote(input)];
  const after = { ...approval, votes };
  const patch = { votes, ...outcomeOf(after, input) };
  const state = patch.state ?? 'pending';
  const { counted } = tally(after, input.people);
  return {
    patch,
    entry: {
      at: input.now,
      actor: input.by.id,
      action: state === 'pending' ? 'approval.voted' : `approval.${state}`,
      decision: input.authorization,
      operationId: approval.operationId,
      detail: {
        act: approval.action,
        key: approval.key,
        vote: input.decision,
        channel: input.channel,
        signed: input.signature !== null,
        digest: input.digest,
        count: counted.length,
        required: approval.rule.required,
      },
    },
  };
}

function outcomeOf(approval: ApprovalRecord, input: Checked): Partial<ApprovalRecord> {
  const { decision, now, by, people } = input;
  if (decision === 'deny') return { state: 'denied', cause: `denied by ${by.name ?? by.id}` };
  if (!tally(approval, people).satisfied) return {};
  const executeBefore = later(now, approval.rule.executionSeconds);
  return { state: 'approved', approvedAt: now, executeBefore };
}

/** The same vote again, as after a lost answer or a second delivery, is no second vote and no fault. */
function isRepeated(approval: ApprovalRecord, { by, decision, digest }: CastVoteInput): boolean {
  const earlier = approval.votes.find((vote) => vote.by === by.id);
  if (!earlier) return false;
  if (earlier.decision === decision && sameDigest(earlier.digest, digest)) return true;
  throw new KeyturnError(
    'AlreadyVoted',
    `you voted to ${earlier.decision} at ${earlier.at}; a vote is not changed, its requester may cancel and ask again`,
    { details: { approvalId: approval.id } },
  );
}

/**
 * Casts a vote.
 * @returns the request afterwards, and whether this very vote decided it
 * @throws KeyturnError `ApprovalNotFound`, `NotEligible`, `ChannelNotAllowed`, `ApprovalClosed`, `ApprovalStale`,
 *   `AlreadyVoted`, `SignatureRequired`, `SignatureInvalid`; none of them changes anything but an expiry that was due
 */
export async function castVote(
  deps: CastVoteDeps,
  input: CastVoteInput,
): Promise<{ approval: ApprovalRecord; decided: boolean }> {
  const people = await deps.electorate.people();
  await requireProof(deps, input, people);
  const { approval, result } = await mutateApproval(
    ledgerOf(deps, input),
    input.approvalId,
    (found) => {
      const checked = { ...input, people, now: deps.clock.now() };
      requireVoter(found, checked);
      if (isRepeated(found, input)) return { draft: null, result: 'repeated' as const };
      const expiry = expiryOf(found, checked.now);
      // Server time decides, once, for every surface. [F18]
      if (expiry) return { draft: expiry, result: 'expired' as const };
      requireOpen(found);
      requireDigest(found, input.digest);
      return { draft: draftOf(found, checked), result: 'cast' as const };
    },
  );
  if (result === 'expired') throw closed(approval);
  return { approval, decided: approval.state !== 'pending' };
}

/** A vote that a passkey signed moves the passkey's counter in its own transaction. */
function ledgerOf(
  { approvals, passkeys }: CastVoteDeps,
  { signature, by }: CastVoteInput,
): Pick<ApprovalLedger, 'readApproval' | 'commitApproval'> {
  if (signature?.kind !== 'webauthn') return approvals;
  return {
    readApproval: (id) => approvals.readApproval(id),
    async commitApproval(change) {
      const { approval, audit } = change;
      const isVote = approval.votes.some((vote) => vote.by === by.id);
      if (!isVote) return approvals.commitApproval(change);
      const known = await passkeys.readPasskeys();
      const items = withUse(known?.items ?? [], { sub: by.id, signature, at: audit.at });
      return passkeys.commitPasskeys({
        expectedRevision: known?.revision ?? null,
        passkeys: { items, revision: (known?.revision ?? 0) + 1 },
        approval: change,
      });
    },
  };
}

/** Signatures are slow to check and need the voter's keys, so they are checked once, before the transaction. */
async function requireProof(
  { approvals, verifier, clock }: CastVoteDeps,
  input: CastVoteInput,
  people: readonly Elector[],
): Promise<void> {
  const approval = await approvals.readApproval(input.approvalId);
  if (!approval) throw approvalNotFound();
  const checked = { ...input, people, now: clock.now() };
  requireVoter(approval, checked);
  if (!input.signature) {
    // A denial stops the act: nothing that is refused needs a proof.
    if (!approval.rule.signed || input.decision === 'deny') return;
    throw denied(
      'SignatureRequired',
      `${approval.action} needs votes signed by the voter's own key: "approval approve ${approval.id} --sign", or a passkey on the page`,
    );
  }
  const fault = await verifier.fault(approval, toVote(checked), 'cast');
  if (fault === null) return;
  throw new KeyturnError('SignatureInvalid', `the signature does not prove your vote: ${fault}`, {
    details: { approvalId: approval.id, stream: approvalStream(approval.id) },
  });
}
