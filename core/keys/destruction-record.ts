// SPDX-License-Identifier: Apache-2.0
// The record of a destruction, kept on the newest version of the KMS key that goes.

/** As in `records.ts`, which imports this file. */
type Instant = string;

/**
 * `disabling`, `scheduling` and `stopping` are intents: KMS may have been asked already. `quiet`: disabled in KMS, and any use
 * takes it back. `pending`: KMS deletes it at a date. `logical`: KMS has it no more. `material`: the HSM neither.
 * `final`: nor any backup. `stopped`: it was cancelled. Of tier `data` the record itself disables and is erased at the
 * date; `material` is the time in which the table can be restored to before that.
 */
export const DESTRUCTION_PHASES = [
  'disabling',
  'quiet',
  'scheduling',
  'pending',
  'stopping',
  'stopped',
  'logical',
  'material',
  'final',
] as const;
export type DestructionPhase = (typeof DESTRUCTION_PHASES)[number];

/** An HSM administrator's word that the cluster has no object of the key. */
export interface MaterialReport {
  readonly by: string;
  readonly at: Instant;
  readonly clusterId: string;
  /** SHA-256 of the listing, as it was taken. */
  readonly listingDigest: string;
  readonly objectsListed: number;
}

/** A restore brought the material back into the HSMs. */
export interface Resurrection {
  /** The id of the recovery. */
  readonly recovery: string;
  readonly at: Instant;
  /** The cluster that was made of the backup: there it is to be deleted. */
  readonly clusterId: string;
  /** The cluster that was left: what is listed there says nothing any more. */
  readonly leftClusterId: string;
  readonly backupAt: Instant;
}

export interface DestructionRecord {
  /** `des_` and the ULID of the approval. */
  readonly id: string;
  readonly phase: DestructionPhase;
  readonly approvalId: string;
  readonly requestedBy: string;
  readonly reason: string | null;
  readonly begunAt: Instant;
  /** Versions that go together: all of one KMS key, the newest last. */
  readonly versions: readonly number[];
  /** Conditions that did not hold, and whose loss the quorum accepted. */
  readonly lossAccepted: readonly string[];
  /** Data keys that lay wrapped under it. */
  readonly wrappedKeys: number;
  readonly quietSeconds: number;
  readonly windowDays: number;
  readonly quietUntil: Instant | null;
  /** KMS's word; of tier `data`, when the data key is erased. */
  readonly deletionAt: Instant | null;
  readonly noticedAt: Instant | null;
  /** Uses that were tried since, allowed or not, and the last of them. */
  readonly uses: number;
  readonly lastUseAt: Instant | null;
  readonly stopped: { readonly by: string; readonly at: Instant; readonly reason: string } | null;
  readonly logicalAt: Instant | null;
  readonly materialAt: Instant | null;
  readonly materialReport: MaterialReport | null;
  /** When the last backup with the material has expired; null: not known yet. */
  readonly backupsUntil: Instant | null;
  readonly finalAt: Instant | null;
  /** The last time that it came back; absent: it never did. What the HSMs and backups were said to be is said anew since. */
  readonly resurrected?: Resurrection | null;
  /** Compact JWS of the certificate of the phase it names. */
  readonly certificate: { readonly phase: DestructionPhase; readonly jws: string } | null;
  /** When the sweep looks at it next; null: nothing happens by itself. */
  readonly dueAt: Instant | null;
}
