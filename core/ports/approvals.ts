// SPDX-License-Identifier: Apache-2.0
// Ports of m-of-n: requests with their votes, who may vote by which rules, and the ballots that wake the workflow.
import type { ApprovalRecord } from '../approvals/records.ts';
import type { AuditRecord } from '../audit/chain.ts';
import type { Instant } from '../keys/records.ts';
import type { ApprovalRule, Elector } from '../policies/approval-rules.ts';
import type { DecisionPolicyRecord } from '../policies/decision-policy.ts';
import type { ApprovalChange, Page } from './ledger.ts';
import type { PasskeyRecord } from './passkeys.ts';

/** Open: pending, or approved and not executed. */
export type ApprovalFilter = 'open' | 'ended';

/** Reads are strongly consistent except the lists, which only find candidates. */
export interface ApprovalLedger {
  readApproval(id: string): Promise<ApprovalRecord | null>;
  /** In the order of their ids, which is that of time. */
  listApprovals(
    filter: ApprovalFilter,
    after: string | null,
    limit: number,
  ): Promise<Page<ApprovalRecord>>;
  /** Ids of requests that somebody should have looked at before. */
  listDueApprovals(before: Instant, limit: number): Promise<readonly string[]>;
  /** @throws KeyturnError `RevisionConflict` when the revision moved; nothing is written then. */
  commitApproval(change: ApprovalChange): Promise<void>;
}

/** The sealed task token of the execution that waits for a decision; the last one wins. */
export interface Ballots {
  putBallot(approvalId: string, sealedToken: string): Promise<void>;
  readBallot(approvalId: string): Promise<string | null>;
}

/** Who may vote, and by which rules, as they are now. */
export interface Electorate {
  people(): Promise<readonly Elector[]>;
  rules(): Promise<readonly ApprovalRule[]>;
  /** Approvals that each class asks for, by its name. */
  quorums(): Promise<Readonly<Record<string, number>>>;
}

/** The row that says which decision policy is in force. */
export interface DecisionPolicies {
  /** Strongly consistent; null before the first was recorded. */
  readDecisionPolicy(): Promise<DecisionPolicyRecord | null>;
  /** @throws KeyturnError `RevisionConflict` when the revision moved; nothing is written then. */
  commitDecisionPolicy(change: DecisionPolicyChange): Promise<void>;
}

/** One transaction; `expectedRevision` null for the first. */
export interface DecisionPolicyChange {
  readonly expectedRevision: number | null;
  readonly record: DecisionPolicyRecord;
  /** The approval that it executes. */
  readonly approval?: ApprovalChange;
  readonly audit: AuditRecord;
}

/** What of a passkey proves a vote. */
export type SignerPasskey = Pick<
  PasskeyRecord,
  'credentialId' | 'publicKey' | 'rpId' | 'signCount'
>;

/** What one person signs votes with. */
export interface VoterKeys {
  /** Lines `ssh-ed25519 AAAA…`. */
  readonly sshKeys: readonly string[];
  readonly passkeys: readonly SignerPasskey[];
  /** Origins of the pages on which passkeys may have been used. */
  readonly origins: readonly string[];
}

/** Whose key signs votes. */
export interface Signers {
  /** Public keys of a person, by immutable id, as they are now; none for strangers. */
  keysOf(sub: string): Promise<VoterKeys>;
}

/** A vote that is being cast, or one on record. */
export type VoteMoment = 'cast' | 'recorded';

/** Checks that a vote was signed by a key of the voter. */
export interface VoteVerifier {
  /** @returns what is wrong with the vote's signature; null: it holds */
  fault(
    approval: ApprovalRecord,
    vote: ApprovalRecord['votes'][number],
    moment: VoteMoment,
  ): Promise<string | null>;
}
