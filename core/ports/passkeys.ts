// SPDX-License-Identifier: Apache-2.0
// Port of passkeys: one record of a stage, small and read whole, so that one condition keeps each key one person's and
// each counter from going back.
import type { Instant } from '../keys/records.ts';
import type { ApprovalChange } from './ledger.ts';

/** A passkey that somebody signs votes with. One that was removed stays on record: old votes name it. */
export interface PasskeyRecord {
  readonly id: string;
  /** Immutable id of the one person whose it is. */
  readonly sub: string;
  readonly user: string;
  /** What its owner calls it. */
  readonly label: string;
  /** base64url. */
  readonly credentialId: string;
  /** DER of its SubjectPublicKeyInfo as base64url. */
  readonly publicKey: string;
  /** The domain that it was made for. */
  readonly rpId: string;
  /** Largest count of uses that a vote stated; 0 where the authenticator does not count. */
  readonly signCount: number;
  /** How a browser reaches it, in the browser's words. */
  readonly transports: readonly string[];
  /** What let it in: its digest binds person and public key. */
  readonly approvalId: string;
  readonly enrolledAt: Instant;
  readonly lastUsedAt: Instant | null;
  readonly removedAt: Instant | null;
  readonly removedBy: string | null;
}

export interface PasskeysRecord {
  readonly items: readonly PasskeyRecord[];
  readonly revision: number;
}

/** One transaction: the passkeys afterwards, and the approval whose audit stream tells why. */
export interface PasskeysChange {
  /** Null where there were never any. */
  readonly expectedRevision: number | null;
  readonly passkeys: PasskeysRecord;
  readonly approval: ApprovalChange;
}

/** Reads are strongly consistent: what was removed proves nothing any more. */
export interface Passkeys {
  readPasskeys(): Promise<PasskeysRecord | null>;
  /** @throws KeyturnError `RevisionConflict` when either moved; nothing is written then. */
  commitPasskeys(change: PasskeysChange): Promise<void>;
}
