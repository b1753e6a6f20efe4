// SPDX-License-Identifier: Apache-2.0
// Verifies an exported approval where no service is believed: its digest, who voted, and each signature, by the keys
// that the auditor has from elsewhere. What the export says of itself (its state, its count) is not looked at.
import type { Approval } from '../contract/approvals.ts';
import { canonicalHash } from '../crypto/hashing.ts';
import { isSameKey } from '../crypto/sshsig.ts';
import { distinctTeamsOf } from '../policies/approval-rules.ts';
import type { VoterKeys } from '../ports/approvals.ts';
import { sameDigest } from './quorum.ts';
import { passkeyOf, voteSignatureFault } from './vote-signature.ts';

export type ExportedApproval = Pick<Approval, 'canonical' | 'digest' | 'votes' | 'roster'>;
type ExportedVote = ExportedApproval['votes'][number];

/** What voters sign with, by immutable id. */
export type SignerKeys = ReadonlyMap<string, VoterKeys>;
const NO_KEYS: VoterKeys = { sshKeys: [], passkeys: [], origins: [] };

export interface ApprovalVerdict {
  readonly id: string;
  /** Computed from the canonical request. */
  readonly digest: string;
  /** Names of those whose approval holds. */
  readonly approvedBy: readonly string[];
  readonly required: number;
  /** What is wrong, in words; empty: the quorum is proven. */
  readonly findings: readonly string[];
}

/** @returns why a vote counts for nothing; null: it is an approval that holds */
function voteFault(
  { canonical, votes }: ExportedApproval,
  digest: string,
  keys: SignerKeys,
  at: number,
): string | null {
  const vote = votes[at];
  if (!vote) return 'there is no such vote';
  if (vote.by === canonical.requestedBy) return 'who asked does not vote';
  if (!canonical.roster.includes(vote.by)) return 'not on the roster';
  if (votes.findIndex(({ by }) => by === vote.by) !== at) return 'voted twice';
  if (!sameDigest(vote.digest, digest)) return 'for another digest';
  if (vote.signature === null) return canonical.rule.signed ? 'it is not signed' : null;
  const { decision, by: voter } = vote;
  const statement = { requestId: canonical.id, digest, decision, voter };
  return voteSignatureFault(statement, vote.signature, keys.get(voter) ?? NO_KEYS);
}

function quorumFindings(
  { canonical: { rule }, roster }: ExportedApproval,
  counted: readonly ExportedVote[],
): readonly string[] {
  const findings: string[] = [];
  if (counted.length < rule.required)
    findings.push(`${counted.length} approvals hold, ${rule.required} are needed`);
  const electors = roster.filter(({ sub }) => counted.some(({ by }) => by === sub));
  for (const { group, required } of rule.groups) {
    const have = electors.filter(({ groups }) => groups.includes(group)).length;
    if (have < required) findings.push(`${have} approvals are from ${group}, ${required} needed`);
  }
  const teams = rule.distinctTeams > 1 ? distinctTeamsOf(electors) : 1;
  if (teams < rule.distinctTeams)
    findings.push(`the approvals are from ${teams} teams, ${rule.distinctTeams} are needed`);
  return findings;
}

/** One human with two accounts, or two people with one key, are one signer. */
function sharedKeys(counted: readonly ExportedVote[], keys: SignerKeys): readonly string[] {
  const sshKeyOf = ({ signature }: ExportedVote) =>
    signature?.kind === 'ssh-ed25519' ? signature.publicKey : '';
  const passkeyOfVote = ({ by, signature }: ExportedVote) =>
    signature?.kind === 'webauthn'
      ? passkeyOf(keys.get(by) ?? NO_KEYS, signature)?.publicKey
      : undefined;
  const isShared = (one: ExportedVote, other: ExportedVote) => {
    const passkey = passkeyOfVote(one);
    if (passkey !== undefined) return passkey === passkeyOfVote(other);
    return isSameKey(sshKeyOf(one), sshKeyOf(other));
  };
  return counted.flatMap((vote, at) => {
    const other = counted.slice(0, at).find((earlier) => isShared(earlier, vote));
    return other ? [`${other.name} and ${vote.name} signed with one key`] : [];
  });
}

/** Judges an export. Throws nothing: whatever is wrong is among the findings. */
export function verifyApproval(approval: ExportedApproval, keys: SignerKeys): ApprovalVerdict {
  const { canonical, votes } = approval;
  const digest = canonicalHash(canonical);
  const findings: string[] = [];
  if (!sameDigest(digest, approval.digest))
    findings.push(`the request has digest ${digest}, the export says ${approval.digest}`);
  const counted: ExportedVote[] = [];
  for (const [at, vote] of votes.entries()) {
    const fault = voteFault(approval, digest, keys, at);
    if (fault) findings.push(`the vote of ${vote.name} (${vote.by}) does not hold: ${fault}`);
    else if (vote.decision === 'deny') findings.push(`${vote.name} denied it`);
    else counted.push(vote);
  }
  findings.push(...quorumFindings(approval, counted), ...sharedKeys(counted, keys));
  const approvedBy = counted.map(({ name }) => name);
  return { id: canonical.id, digest, approvedBy, required: canonical.rule.required, findings };
}
