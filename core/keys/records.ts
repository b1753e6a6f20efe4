// SPDX-License-Identifier: Apache-2.0
// The records of the domain. A managed key is a name with ordered versions; each version is one KMS key.
// `revision` counts the audit records of a key: every mutation writes exactly one, in the same transaction.
import type {
  ContainmentKind,
  ContainmentMode,
  Environment,
  KeySpec,
  KeyState,
  OperationKind,
  OperationState,
  Origin,
  PolicyTemplate,
  Right,
  Step,
  Tier,
  Trigger,
} from '../contract/vocabulary.ts';

import type { DestructionRecord } from './destruction-record.ts';

/** Instant, RFC 3339 UTC with milliseconds, such as `2026-11-22T10:00:00.000Z`; sorts as text. */
export type Instant = string;

/** Who may use a key, and how: a writer may encrypt and never decrypt. */
export interface AccessGrant {
  readonly principal: string;
  readonly rights: readonly Right[];
  /** An AWS service uses the key for the principal, by grants that it makes for itself. */
  readonly forService?: true;
  /** The key policy alone lets the role in, as that of the adopted key did: its own IAM policies need not. */
  readonly isNamed?: true;
  /** From then on KMS refuses by itself; absent: for as long as the policy stands. */
  readonly until?: Instant;
}

/** One mutating operation per key. `fence` grows with every attempt, so an older attempt can write no more. */
export interface Lease {
  readonly operationId: string;
  readonly fence: number;
  readonly expiresAt: Instant;
}

/** What made a key due early. `isUrgent`: windows and freezes of the class do not hold it back. */
export interface DueReason {
  readonly trigger: Trigger;
  readonly reason: string;
  readonly isUrgent: boolean;
}

/** KMS keys that nobody recorded may exist for a key: the sweep looks for them until it must have seen them. */
export interface OrphanSearch {
  readonly since: Instant;
  readonly nextAt: Instant;
}

/** What keeps a key or a version from being used (`./containment.ts`). */
export interface Containment {
  readonly kind: ContainmentKind;
  /** `hard`: the KMS key is disabled. `locked`: its policy denies everybody but, when revoked, the re-encryption role. */
  readonly mode: ContainmentMode;
  readonly operationId: string;
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
  /** Of a compromise: when it happened, as far as somebody knows. `at` is when it was discovered. */
  readonly occurredAt: Instant | null;
  /** When KMS was seen to refuse, again and again; null: it is not proven yet. */
  readonly confirmedAt: Instant | null;
  /** The operation that goes on when the suspension is lifted. */
  readonly resumes?: string;
  /** The containment of a scope that it came with: that one can be lifted as a whole. */
  readonly scopeId?: string;
}

/** What a quorum allowed: the ciphertexts of a revoked version may be re-encrypted for a while. */
export interface ReencryptionOpening {
  readonly approvalId: string;
  readonly operationId: string;
  readonly at: Instant;
  readonly until: Instant;
  /** It was disabled, and has to be enabled for that; the policy denies everybody else from then on. */
  readonly wasDisabled: boolean;
}

/** A version's containment, with what it was before: a suspension goes back there. */
export interface VersionContainment extends Containment {
  readonly opening?: ReencryptionOpening;
  readonly before: {
    readonly state: KeyState;
    readonly policyTemplate: VersionRecord['policyTemplate'];
  };
}

/** Somebody stopped a key, or a key store, alone, where a quorum should have decided. */
export interface OpenReview {
  readonly operationId: string;
  readonly by: string;
  readonly at: Instant;
}

export interface KeyRecord {
  readonly name: string;
  readonly class: string;
  readonly owner: string;
  readonly purpose: string;
  readonly environment: Environment;
  /** Where it is used, as somebody said; absent and null: nobody did. What has the same can be contained as one. */
  readonly application?: string | null;
  readonly host?: string | null;
  readonly tier: Tier;
  /** Absent: `AWS_CLOUDHSM`. */
  readonly origin?: Origin;
  /** Absent: `SYMMETRIC_DEFAULT`. */
  readonly keySpec?: KeySpec;
  /** Of origin EXTERNAL: who holds shares of its material, by id; absent: by the quorum of its class. */
  readonly escrow?: { readonly required: number; readonly custodians: readonly string[] };
  /** Of tier `data`: the key of tier `kms` that wraps its versions. */
  readonly parent?: string | null;
  readonly access: readonly AccessGrant[];
  /** Grants of the registered consumers, kept here so that the data plane needs one read; absent means none. */
  readonly consumerAccess?: readonly AccessGrant[];
  readonly keyStore: string;
  readonly alias: string;
  /** Aliases from before its adoption that lead where `alias` does: they move with it. Absent: none. */
  readonly legacyAliases?: readonly string[];
  /** State of the current version; `pre-activation` until the first is active. */
  readonly state: KeyState;
  readonly currentVersion: number | null;
  /** Vault id of the current version: the data plane needs one read. */
  readonly currentKeyId: string | null;
  /** Highest version number ever given out; versions only grow. */
  readonly latestVersion: number;
  readonly nextRotationAt: Instant | null;
  readonly lastRotatedAt: Instant | null;
  /** After a compensated rotation, or outside its class's windows, the sweep leaves the key alone until then. */
  readonly retryNotBefore: Instant | null;
  /** When owner and consumers are told next of the due date; absent in rows written before notices existed. */
  readonly nextNoticeAt?: Instant | null;
  /** Why the key is due before its period ends; null and absent: by its period. */
  readonly dueBecause?: DueReason | null;
  /** Digest of the class policy that the due dates were computed by; absent in older rows. */
  readonly policyDigest?: string | null;
  /** When Keyturn let go of it: the record stays as history, and nothing changes it any more; absent: managed. */
  readonly releasedAt?: Instant | null;
  /** Nothing of the key may be used; absent and null: it may. */
  readonly containment?: Containment | null;
  /** What people did alone in an emergency, until a quorum has reviewed it. */
  readonly openReviews?: readonly OpenReview[];
  /** Versions that are contained, each by itself or with the key: the data plane needs one read. */
  readonly containedVersions?: readonly number[];
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly lease: Lease | null;
  /** Absent for a key that no doubtful CreateKey was made for. */
  readonly orphanSearch?: OrphanSearch | null;
  readonly fence: number;
  /** Number of audit records of this key, and the hash of the last one. */
  readonly revision: number;
  readonly auditHead: string;
}

/** What proves that a version may go: an object in the evidence bucket, and its digest. */
export interface RetirementEvidence {
  /** When it was judged. */
  readonly at: Instant;
  readonly object: string;
  readonly digest: string;
  /** The last use that it was judged on, null: none was known; absent on versions marked before it was kept. */
  readonly lastUseAt?: Instant | null;
}

/** A data key as it is stored: nobody opens it but the KMS key that wrapped it. */
export interface WrappedDataKey {
  readonly parent: string;
  /** Version of the parent under whose KMS key it lies. */
  readonly parentVersion: number;
  readonly keyId: string;
  readonly keyArn: string;
  /** Ciphertext of KMS, base64. */
  readonly wrapped: string;
  readonly wrappedAt: Instant;
}

/** Where a version comes from that Keyturn did not make. */
export interface Adoption {
  /** SHA-256 of the key policy that the adoption was asked for with: another one is not taken over. */
  readonly policyDigest: string;
  /** True when it takes up a place in the key store of the stage. */
  readonly isInKeyStore: boolean;
  /** What it was before, kept as evidence; null until that is stored, and nothing was changed until then. */
  readonly original: { readonly object: string; readonly digest: string } | null;
}

export interface VersionRecord {
  readonly name: string;
  readonly version: number;
  readonly state: KeyState;
  readonly substate: VersionSubstate | null;
  readonly keyId: string | null;
  readonly keyArn: string | null;
  readonly alias: string;
  /**
   * New material of the KMS key of the version before, which opens both: nothing of it can be undone alone. Present
   * from the moment KMS may have been asked.
   */
  readonly isInPlace?: true;
  /** When KMS was last asked for the material of a version in place. */
  readonly materialAskedAt?: Instant;
  /** KMS's id of the material that the version began with; absent where KMS has none, or in older rows. */
  readonly materialId?: string | null;
  /** When KMS forgets imported material; absent: never. */
  readonly materialExpiresAt?: Instant | null;
  /** Of tier `data`: the data key, wrapped; absent until it is made, null once its record is all that is left. */
  readonly dataKey?: WrappedDataKey | null;
  /** The operation that made this version: an unrecorded KMS key is found by it. */
  readonly operationId: string;
  /** How often CreateKey may have been called; above 0 without `keyId` there can be an orphan. */
  readonly creationAttempts: number;
  readonly policyTemplate: PolicyTemplate | 'original';
  /** A ciphertext made when the version was verified, and the SHA-256 of what it holds: proves reads later. */
  readonly canary: { readonly ciphertext: string; readonly digest: string } | null;
  readonly createdAt: Instant;
  readonly verifiedAt: Instant | null;
  readonly activatedAt: Instant | null;
  readonly deactivatedAt: Instant | null;
  /** Of the newest version of a KMS key: how far its destruction is, or how the last one was stopped. */
  readonly destruction?: DestructionRecord;
  /** Of a version that was somebody else's KMS key: `original` is then its policy until it is opened. */
  readonly adoption?: Adoption;
  /** It may not be used; absent and null: it may. */
  readonly containment?: VersionContainment | null;
  /** Present while the version is ready to be destroyed. */
  readonly retirement?: RetirementEvidence | null;
}

/** Finer steps inside a state; never a lifecycle state of their own. */
export type VersionSubstate =
  | 'creating'
  | 'next'
  | 'switching'
  | 'retiring'
  /** Replaced, and still able to encrypt, because an AWS service is bound to its ARN. */
  | 'bound'
  /** Every condition of retirement holds; the evidence is stored (`retirement`). */
  | 'ready-to-destroy'
  /** Its destruction was approved: disabled in KMS, and it can be taken back (`destruction`). */
  | 'quarantined'
  | 'destroy-scheduled'
  /** Destroyed: gone from KMS; from the HSM too; and from the last backup. */
  | 'logical'
  | 'material'
  | 'final'
  /** Its adoption is being undone, and our alias and tags may be off already: it only goes back from here. */
  | 'giving-back'
  /** Its adoption was undone: the KMS key is as it was, and none of ours. */
  | 'given-back';

/** The wait of a rotation for its consumers, kept in its row: no execution runs meanwhile. */
export interface AcknowledgementWait {
  readonly startedAt: Instant;
  readonly deadlineAt: Instant;
  /** Share of the window at which the consumers that lag were reminded last: 0, 50, 80, 100. */
  readonly remindedPercent: number;
  /** How often the class itself, not a person, gave more time. */
  readonly extensions: number;
  /** The approval by which the switch does not wait for those who did not answer. */
  readonly forcedBy?: string;
  /** Who took the rotation back while it waited: it is undone, and switches for nobody any more. */
  readonly cancelled?: { readonly by: string; readonly at: Instant; readonly reason: string };
}

/** What an operation contains, and from whom it took the key. */
export interface OperationContainment {
  readonly kind: ContainmentKind;
  readonly mode: ContainmentMode;
  /** Null: the whole key. */
  readonly version: number | null;
  /** Until then a step of the operation that held the key before may still be under way; null: nothing held it. */
  readonly quietUntil: Instant | null;
  /** Operation that gets the key back when the containment is confirmed. */
  readonly resumes?: string;
  /** The key is to have a successor of the revoked version as soon as the revocation is confirmed. */
  readonly withSuccessor?: true;
}

export interface OperationRecord {
  readonly id: string;
  readonly kind: OperationKind;
  readonly key: string;
  /** The version this operation makes. */
  readonly version: number;
  /** The version it replaces; null for generation. */
  readonly previousVersion: number | null;
  readonly state: OperationState;
  readonly step: Step;
  readonly cause: string | null;
  readonly attempt: number;
  /** The batch whose execution runs it, `bat_<ulid>`; null when it runs alone, in an execution named after itself. */
  readonly batchId: string | null;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly reason: string | null;
  /** Digest of the plan that its admission was held to; absent when nobody gave one. */
  readonly planDigest?: string | null;
  /** Of a change of access that gives the key away (`core/operations/release-key.ts`). */
  readonly isRelease?: true;
  /** Of a revocation or suspension. */
  readonly containment?: OperationContainment;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  /** When the sweep takes a parked operation up again. */
  readonly retryAt: Instant | null;
  /** Present from the moment the consumers were told of the version. */
  readonly acknowledgement?: AcknowledgementWait;
  /** Present from the moment a rotation goes back; `version` is then the one it leads back to. */
  readonly rollback?: {
    readonly reason: string;
    readonly by: string;
    readonly at: Instant;
    readonly failedVersion: number;
  };
  /** When each step was first reached, in order. */
  readonly timeline: readonly { readonly step: Step; readonly at: Instant }[];
}
