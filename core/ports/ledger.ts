// SPDX-License-Identifier: Apache-2.0
// Port of the state: records and audit in one place, changed in one transaction. Every read is strongly consistent
// except the lists by index, which only find candidates: whoever acts on one re-reads it.
import type { ApprovalRecord } from '../approvals/records.ts';
import type { AuditHead, AuditRecord } from '../audit/chain.ts';
import type { AssignmentKind } from '../contract/vocabulary.ts';
import type { EscrowChange, EscrowRecords } from '../escrow/records.ts';
import type { Assignment } from '../keys/assignments.ts';
import type { ConsumerRecord } from '../keys/consumers.ts';
import type { Instant, KeyRecord, OperationRecord, VersionRecord } from '../keys/records.ts';
import type { HoldRecord, ReencryptionRecord, SourceRecord } from '../keys/reencryption.ts';
import type { StatusEntry } from '../keys/status.ts';
import type { HsmTaskRecord, KeyStoreRecord } from '../provisioning/records.ts';
import type { RecoveryRecord } from '../recovery/records.ts';
import type { PurgeWatch } from './purge-watches.ts';
import type { ReviewTask } from './reviews.ts';

/** A key with what a decision about it needs, read at one revision. */
export interface KeySnapshot {
  readonly key: KeyRecord;
  readonly versions: readonly VersionRecord[];
  /** Registered consumers by name; removed ones are left out. */
  readonly consumers: readonly ConsumerRecord[];
  /** Registered sources of ciphertexts by name; removed ones are left out. */
  readonly sources: readonly SourceRecord[];
  /** Holds by name that were not released. */
  readonly holds: readonly HoldRecord[];
  /** Null for a key that never had a source. */
  readonly reencryption: ReencryptionRecord | null;
  readonly escrow: EscrowRecords;
  /** Null for a key of which nobody was ever asked to empty a cache. */
  readonly purgeWatch: PurgeWatch | null;
  /** The operation that holds the lease. */
  readonly operation: OperationRecord | null;
}

/** Ties an Idempotency-Key to the operation it started. */
export interface IdempotencyRecord {
  readonly scope: string;
  readonly bodyHash: string;
  readonly operationId: string;
  readonly expiresAtEpochSeconds: number;
}

/**
 * One transaction on one key. [INV-06] a state change and its audit record are written together or not at all.
 * `expectedRevision` is the revision the decision was made on (null: the key must not
 * exist); as every mutation of a key raises it, this one condition covers state, version and lease together.
 */
export interface KeyChange {
  readonly expectedRevision: number | null;
  readonly key: KeyRecord;
  readonly versions?: readonly VersionRecord[];
  readonly consumers?: readonly ConsumerRecord[];
  readonly sources?: readonly SourceRecord[];
  readonly holds?: readonly HoldRecord[];
  readonly reencryption?: ReencryptionRecord;
  readonly escrow?: EscrowChange;
  readonly operation?: OperationRecord;
  /** Operations that lose the key to it. */
  readonly otherOperations?: readonly OperationRecord[];
  /** Entries of the published list of stopped keys. */
  readonly statuses?: readonly StatusEntry[];
  /** That consumers are to say that their caches are empty, or that nobody waits for it any more. */
  readonly purgeWatch?: PurgeWatch;
  readonly idempotency?: IdempotencyRecord;
  /**
   * Reverse look-up from KMS key to version, the newest of those that share it; fails when the KMS key is recorded
   * under another name or a newer version.
   */
  readonly recordedKey?: {
    readonly keyId: string;
    readonly name: string;
    readonly version: number;
    /** It is no key of ours any more: nobody finds it, and it may be recorded anew. */
    readonly isGivenBack?: true;
    /** Version of a key that was let go, which had it: it is recorded for this one from now on. */
    readonly replaces?: { readonly name: string; readonly version: number };
  };
  /** What the change adds to the count of a class's keys and versions in a key store. */
  readonly occupancy?: {
    readonly keyStore: string;
    readonly class: string;
    readonly keys: number;
    readonly versions: number;
  };
  /** The approval that this change executes: used up in the same transaction, so never twice. */
  readonly approval?: ApprovalChange;
  /** Of what somebody does alone: that a quorum is to be asked. */
  readonly review?: ReviewTask;
  /** Assignments that it gives, changes or takes away: keys are found by them. */
  readonly assignments?: readonly Assignment[];
  /** Of what was denied by scope when it was decided: nothing is written when that changed since. */
  readonly denials?: { readonly revision: number | null };
  readonly audit: AuditRecord;
}

/** One transaction on one key store. */
export interface KeyStoreChange {
  readonly expectedRevision: number | null;
  readonly keyStore: KeyStoreRecord;
  readonly tasks?: readonly HsmTaskRecord[];
  readonly recovery?: RecoveryRecord;
  /** Of what somebody does alone: that a quorum is to be asked. */
  readonly review?: ReviewTask;
  /** The approval that this change executes: used up in the same transaction, so never twice. */
  readonly approval?: ApprovalChange;
  readonly idempotency?: IdempotencyRecord;
  readonly audit: AuditRecord;
}

/**
 * One transaction on one request; alone, or inside the change that it allows. `expectedRevision` is the one
 * that was decided on, null for a request that must not exist.
 */
export interface ApprovalChange {
  readonly expectedRevision: number | null;
  readonly approval: ApprovalRecord;
  readonly idempotency?: IdempotencyRecord;
  readonly audit: AuditRecord;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Something whose time has come: a key due for rotation, or an operation whose lease ran out or is parked. */
export interface DueItem {
  readonly kind: 'key' | 'operation';
  readonly name: string;
  readonly operationId: string | null;
  readonly dueAt: Instant;
}

/** What the keys of one class take up in a key store, counted in the transactions that record them. */
export interface Occupancy {
  readonly class: string;
  readonly keys: number;
  /** Versions with a KMS key. */
  readonly versions: number;
}

/** What keys are listed by. */
export interface ListedScope {
  readonly kind: 'owner' | AssignmentKind;
  readonly value: string;
}

export interface Ledger {
  readKey(name: string): Promise<KeySnapshot | null>;
  /** The key record alone: one read, for the data plane. */
  readKeyRecord(name: string): Promise<KeyRecord | null>;
  readVersion(name: string, version: number): Promise<VersionRecord | null>;
  readOperation(id: string): Promise<OperationRecord | null>;
  readIdempotency(scope: string): Promise<IdempotencyRecord | null>;
  /** Which version a KMS key belongs to; null for foreign and unrecorded keys. */
  findRecordedKey(keyId: string): Promise<{ name: string; version: number } | null>;
  listKeys(after: string | null, limit: number): Promise<Page<KeyRecord>>;
  /** Keys of one owner, application or host, in name order. */
  listKeysOf(scope: ListedScope, after: string | null, limit: number): Promise<Page<KeyRecord>>;
  /**
   * Versions of tier `data` that a key wraps, shard by shard. Eventually consistent, as the other lists: whoever changes
   * one reads it again.
   * @param after `nextCursor` of the page before
   */
  listDataKeys(
    parent: string,
    shard: number,
    after: string | null,
    limit: number,
  ): Promise<Page<VersionRecord>>;
  listDue(before: Instant, limit: number): Promise<readonly DueItem[]>;
  /**
   * What comes due before `until`, the earliest first; at most `limit`.
   * @param from an instant, or `instant#name` of the entry to go on behind
   */
  listDueBetween(from: string, until: Instant, limit: number): Promise<readonly DueItem[]>;
  /** Versions whose destruction the sweep should look at, the longest overdue first. */
  listDueDestructions(
    before: Instant,
    limit: number,
  ): Promise<readonly { readonly name: string; readonly version: number }[]>;
  /** Keys whose re-encryption the sweep should look at, the longest overdue first. */
  listDueReencryptions(before: Instant, limit: number): Promise<readonly string[]>;
  readAudit(
    stream: string,
    afterSequence: number,
    limit: number,
  ): Promise<{ records: readonly AuditRecord[]; head: AuditHead }>;
  /** @throws KeyturnError `RevisionConflict` when the revision moved; nothing is written then. */
  commit(change: KeyChange): Promise<void>;

  /** Keys and versions with a KMS key in a key store, by class: counts, so one read however many there are. */
  readOccupancy(keyStore: string): Promise<readonly Occupancy[]>;
  readKeyStore(name: string): Promise<KeyStoreRecord | null>;
  readTasks(keyStore: string): Promise<readonly HsmTaskRecord[]>;
  /** All recoveries of a key store, by id: the oldest first. */
  readRecoveries(keyStore: string): Promise<readonly RecoveryRecord[]>;
  commitKeyStore(change: KeyStoreChange): Promise<void>;
}
