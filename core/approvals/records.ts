// SPDX-License-Identifier: Apache-2.0
// The records of approvals. A request is one row with its votes; `revision` counts its audit records, as a key's does,
// so one condition makes votes, expiry, cancel and execution exclude one another.
import type {
  ApprovalAction,
  ApprovalState,
  VoteChannel,
  VoteDecision,
  VoteSignature,
} from '../contract/approvals.ts';
import type { Environment } from '../contract/vocabulary.ts';
import type { Instant } from '../keys/records.ts';
import type { Elector, FrozenRule } from '../policies/approval-rules.ts';

/** Ids and numbers that say what exactly is to be done. Never key material, tokens or free text of others. */
export type ApprovalParameters = Readonly<Record<string, string | number | boolean | null>>;

export interface VoteRecord {
  readonly by: string;
  readonly name: string;
  readonly decision: VoteDecision;
  readonly at: Instant;
  readonly channel: VoteChannel;
  /** What the voter saw. */
  readonly digest: string;
  readonly reason: string | null;
  readonly signature: VoteSignature | null;
}

/** What an act touches, shown on every surface before anybody votes. */
export interface BlastRadius {
  readonly consumers: number;
  /** Owners of the most consumers, five at most. */
  readonly topOwners: readonly string[];
  readonly lastUse: string | null;
  /** Data that nobody can read afterwards, in words; null: none. */
  readonly unreadable: string | null;
  /** How and until when it can be undone; null: it cannot. */
  readonly undo: string | null;
  readonly irreversible: boolean;
}

export interface ApprovalRecord {
  readonly id: string;
  readonly stage: string;
  readonly action: ApprovalAction;
  readonly key: string | null;
  readonly version: number | null;
  readonly operationId: string | null;
  readonly parameters: ApprovalParameters;
  /** Digest of the state that the request rests on; computed again in the write that executes it. */
  readonly basis: string;
  readonly class: string;
  readonly environment: Environment | null;
  /** The act in words. */
  readonly what: string;
  readonly blast: BlastRadius;
  readonly reason: string | null;
  readonly requestedBy: string;
  readonly requesterName: string;
  readonly requestedAt: Instant;
  /** As it was asked for, and as the digest has it. */
  readonly expiresAt: Instant;
  /** Votes count before it: `expiresAt`, or later once, when notices could not be delivered. */
  readonly closesAt: Instant;
  readonly rule: FrozenRule;
  /** Frozen when it was requested; who left since does not count, who joined since cannot vote. */
  readonly roster: readonly Elector[];
  readonly digest: string;
  readonly state: ApprovalState;
  /** Why it ended as it did, in words. */
  readonly cause: string | null;
  readonly votes: readonly VoteRecord[];
  readonly approvedAt: Instant | null;
  /** The end of its window for one execution. */
  readonly executeBefore: Instant | null;
  readonly executedAs: string | null;
  /** Share of the window at which the electors were reminded last: 0, 50, 80. */
  readonly remindedPercent: number;
  /** Channels whose notice failed. */
  readonly undelivered: readonly string[];
  /** Execution of `approve` that tends it: a lost one is followed by the next attempt. */
  readonly attempt: number;
  /** When somebody has to look at it next; null once it has ended. */
  readonly dueAt: Instant | null;
  readonly revision: number;
  readonly auditHead: string;
}
