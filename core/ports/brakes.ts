// SPDX-License-Identifier: Apache-2.0
// Mass brakes: one prepared policy that denies the use of managed keys at KMS, put on the roles of consumers as one
// operation and taken off as another. The port that keeps them, and the one that reaches the roles.
import type { AuditRecord } from '../audit/chain.ts';
import type {
  BrakedRoleState,
  BrakeScopeKind,
  BrakeState,
  RoleFault,
} from '../contract/vocabulary.ts';
import type { Instant, OpenReview } from '../keys/records.ts';
import type { ApprovalChange } from './ledger.ts';
import type { ReviewTask } from './reviews.ts';

/** Whose roles: of all keys (value null), of the keys that have a value, or one role by its ARN. */
export interface BrakeScope {
  readonly kind: BrakeScopeKind;
  readonly value: string | null;
}

export interface BrakedRole {
  /** ARN, as the key names it. */
  readonly role: string;
  /**
   * `pending`: asked for, not seen yet. `applied`: seen on the role. `already`: seen there before this brake asked. `failed`:
   * tried with each look. `protected`: never touched. `lifted`: taken off, and seen so. `kept`: another brake holds it.
   */
  readonly state: BrakedRoleState;
  /** Of what failed. */
  readonly cause: RoleFault | null;
  /** Since when it is in that state. */
  readonly at: Instant;
}

export interface BrakeLift {
  readonly approvalId: string;
  readonly by: string;
  readonly reason: string | null;
  readonly at: Instant;
  /** When no role had it by this brake any more; null: not yet. */
  readonly endedAt: Instant | null;
}

export interface BrakeRecord {
  readonly id: string;
  readonly scope: BrakeScope;
  readonly reason: string;
  readonly requestedBy: string;
  readonly isEmergency: boolean;
  /** What somebody did alone in an emergency, until a quorum has reviewed it; null: nothing is to be. */
  readonly openReview: (OpenReview & { readonly class: string }) | null;
  /**
   * `applying`: not seen on every role. `applied`: IAM showed it on every role that uses a key of the scope. `lifting`: it is
   * taken off. `lifted`: IAM showed it on none of them, but those that another brake holds.
   */
  readonly state: BrakeState;
  readonly roles: readonly BrakedRole[];
  /** How often all keys of the scope were gone through, and behind which key the present pass goes on. */
  readonly passes: number;
  readonly cursor: string | null;
  readonly startedAt: Instant;
  /** When it was last found to be on every role; null: never. */
  readonly confirmedAt: Instant | null;
  readonly lift: BrakeLift | null;
  /** SHA-256 of the request: the same Idempotency-Key with another body is refused. */
  readonly bodyHash: string;
  /** Number of its audit records, and the hash of the last one. */
  readonly revision: number;
  readonly auditHead: string;
}

/** The row with its audit record, in one transaction. */
export interface BrakeChange {
  /** Null: it must not exist. */
  readonly expectedRevision: number | null;
  readonly brake: BrakeRecord;
  /** Whether it is among those that hold or are being lifted, from now on; absent: as it was. */
  readonly isOpen?: boolean;
  readonly approval?: ApprovalChange;
  /** Of what somebody does alone: that a quorum is to be asked. */
  readonly review?: ReviewTask;
  readonly audit: AuditRecord;
}

/** Every read is strongly consistent. */
export interface Brakes {
  readBrake(id: string): Promise<BrakeRecord | null>;
  /** Those that hold or are being lifted, in the order in which they began; few at any time. */
  listOpenBrakes(): Promise<readonly BrakeRecord[]>;
  /** The last {@link ENDED_SHOWN} that were lifted, the newest first. */
  listEndedBrakes(): Promise<readonly BrakeRecord[]>;
  /** @throws KeyturnError `RevisionConflict` when it moved; nothing is written then. */
  commitBrake(change: BrakeChange): Promise<void>;
}

/** Puts the one prepared policy on roles of the account, and takes it off. It can do nothing else to a role. */
export interface RoleBrake {
  /** Names of the roles that have it now, in lower case: IAM tells no names apart by case. */
  braked(): Promise<ReadonlySet<string>>;
  /** On a role that has it, nothing happens. @returns null when it was taken; else why not */
  apply(role: string): Promise<RoleFault | null>;
  /** Off a role that does not have it, or is gone, nothing happens. @returns null when it was taken; else why not */
  lift(role: string): Promise<RoleFault | null>;
}

/** The audit stream of a brake. */
export const brakeStream = (id: string) => `brake/${id}`;

/** Brakes that hold at once. */
export const MOST_BRAKES = 20;
/** Lifted brakes that lists still show. */
export const ENDED_SHOWN = 10;
/** Roles of one brake: they are one row, and DynamoDB takes 400 KB; an account has 1,000 roles unless AWS raised that. */
export const MOST_ROLES = 1500;
