// SPDX-License-Identifier: Apache-2.0
// The record of one recovery of a key store: what was found, which phase it is in and how long each took, and what the
// canaries said of every key afterwards. It is the report.
import type { RecoveryKind, RecoveryPhase } from '../contract/recoveries.ts';
import type { OperationState } from '../contract/vocabulary.ts';
import type { Instant } from '../keys/records.ts';

/** One stay in a phase; a phase that is gone back to has another. */
export interface PhaseRecord {
  readonly name: RecoveryPhase;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
}

/** What KMS and CloudHSM said at the beginning. */
export interface Diagnosis {
  readonly connectionState: string;
  readonly connectionError: string | null;
  readonly clusterState: string | null;
  readonly activeHsms: number;
}

/** A version whose canary did not come back. */
export interface UnreadableVersion {
  readonly key: string;
  readonly version: number;
  readonly keyId: string;
  readonly createdAt: Instant;
  /** Made after the backup that was restored: its material was never in it. */
  readonly isAfterBackup: boolean;
  readonly why: string;
}

/** A destroyed version whose material the restored HSMs may have again. */
export interface ResurrectedVersion {
  readonly key: string;
  readonly version: number;
  readonly keyId: string;
  /** The label of its objects (AWS KMS developer guide, "Find the key for a KMS key"). */
  readonly keyArn: string;
}

export interface Survey {
  readonly checked: number;
  readonly readable: number;
  /** Versions without a canary, or that the verifier may not open now: nothing is said about them. */
  readonly unverified: number;
  readonly missing: readonly UnreadableVersion[];
  /** How many are missing; the list above is cut at {@link MOST_NAMED}. */
  readonly missingCount: number;
  /** What was destroyed after the backup was taken: its material is in the restored HSMs again. */
  readonly resurrected: readonly ResurrectedVersion[];
  /** How many those are; the list above is cut at {@link MOST_NAMED}. */
  readonly resurrectedCount: number;
  /** Name after which the next page begins; null at the end. */
  readonly cursor: string | null;
  readonly isDone: boolean;
}

/** A row holds 400 KB at most; a name with its facts is some 250 bytes, and there are two such lists. */
export const MOST_NAMED = 500;

export interface RecoveryRecord {
  readonly id: string;
  readonly kind: RecoveryKind;
  readonly keyStore: string;
  readonly keyStoreId: string;
  readonly state: OperationState;
  readonly phase: RecoveryPhase;
  readonly cause: string | null;
  readonly reason: string | null;
  readonly requestedBy: string;
  /** Null: somebody disconnected the key store alone, in an emergency. */
  readonly approvalId: string | null;
  /** Raised when it is taken up again: an older execution can do no more. */
  readonly attempt: number;
  /** How often an HSM administrator was asked: each time is a task of its own. */
  readonly adminRound: number;
  readonly diagnosis: Diagnosis | null;
  /** The cluster that the key store was on. */
  readonly sourceClusterId: string;
  /** The cluster that it is recovered on: the same, or the one made of the backup. */
  readonly clusterId: string | null;
  readonly backupId: string | null;
  readonly backupAt: Instant | null;
  readonly phases: readonly PhaseRecord[];
  readonly survey: Survey;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
}
