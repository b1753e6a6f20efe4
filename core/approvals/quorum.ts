// SPDX-License-Identifier: Apache-2.0
// Counting votes. [INV-05] an act with a quorum is done once at most, and only with the votes it needs. An approval
// counts only of somebody who was eligible when it was requested and still is, who did not ask for it, and who saw what
// is about to be done; one human has one vote.
import { equalDigests } from '../crypto/hashing.ts';
import type { Elector } from '../policies/approval-rules.ts';
import { distinctTeamsOf } from '../policies/approval-rules.ts';
import type { ApprovalRecord, VoteRecord } from './records.ts';

/** What the votes come to, judged by who is eligible now. */
export interface Tally {
  /** Votes that count, in the order they were cast. */
  readonly counted: readonly VoteRecord[];
  readonly satisfied: boolean;
  /** What is still missing, in words; empty when satisfied. */
  readonly missing: readonly string[];
}

/** Compares digests without telling by time where they differ. */
export function sameDigest(a: string, b: string): boolean {
  return equalDigests(Buffer.from(a), Buffer.from(b));
}

/** The elector as the directory has them now; null: not on the frozen roster, gone, or out of the groups. */
export function eligibleNow(
  approval: Pick<ApprovalRecord, 'roster' | 'rule' | 'requestedBy'>,
  people: readonly Elector[],
  sub: string,
): Elector | null {
  if (sub === approval.requestedBy) return null;
  if (!approval.roster.some((elector) => elector.sub === sub)) return null;
  const present = people.find((person) => person.sub === sub);
  if (!present) return null;
  return approval.rule.groups.some(({ group }) => present.groups.includes(group)) ? present : null;
}

function firstVotes(votes: readonly VoteRecord[]): readonly VoteRecord[] {
  return votes.filter((vote, at) => votes.findIndex(({ by }) => by === vote.by) === at);
}

/** Counts what counts. */
export function tally(
  approval: Pick<ApprovalRecord, 'roster' | 'rule' | 'requestedBy' | 'votes' | 'digest'>,
  people: readonly Elector[],
): Tally {
  const { rule, digest } = approval;
  const pairs = firstVotes(approval.votes).flatMap((vote) => {
    const elector = eligibleNow(approval, people, vote.by);
    const counts = elector && vote.decision === 'approve' && sameDigest(vote.digest, digest);
    return counts ? [{ vote, elector }] : [];
  });
  const electors = pairs.map(({ elector }) => elector);
  const missing: string[] = [];
  const lacking = rule.required - electors.length;
  if (lacking > 0) missing.push(`${lacking} more of ${rule.required}`);
  for (const { group, required } of rule.groups) {
    const have = electors.filter(({ groups }) => groups.includes(group)).length;
    if (have < required) missing.push(`${required - have} from ${group}`);
  }
  const teams = rule.distinctTeams > 1 ? distinctTeamsOf(electors) : 1;
  if (teams < rule.distinctTeams) missing.push(`${rule.distinctTeams - teams} other team(s)`);
  const counted = pairs.map(({ vote }) => vote);
  return { counted, satisfied: missing.length === 0 && counted.length > 0, missing };
}
