// SPDX-License-Identifier: Apache-2.0
// The records of escrow. A set is the material of one version of a key, split among custodians; each re-share is the
// next generation of the same set. Nothing here holds an open share.
import type { Instant } from '../keys/records.ts';

/** `pending`: made, and not proven to be held by enough custodians. Only one generation of a set is active. */
export type EscrowState = 'pending' | 'active' | 'retired';

/** Somebody who holds a share, and the age recipient that it is sealed to (`age1…`). */
export interface Custodian {
  readonly sub: string;
  readonly recipient: string;
}

/** What is said of a share, and signed. */
export interface ShareStatement {
  readonly type: 'keyturn-share/1';
  readonly setId: string;
  readonly key: string;
  readonly version: number;
  readonly generation: number;
  /** 1 to `total`. */
  readonly index: number;
  /** Shares that rebuild the material. */
  readonly required: number;
  readonly total: number;
  /** Bytes of the material. */
  readonly bytes: number;
  readonly custodian: string;
  readonly recipient: string;
  /** Digest of the proof that the open share makes, hexadecimal: tells a bent share by itself. */
  readonly shareDigest: string;
  /** Check value of the material (`core/crypto/check-value.ts`). */
  readonly checkValue: string;
  readonly createdAt: Instant;
}

/** A share as it is stored and handed out: sealed to its custodian. */
export interface ShareEnvelope extends ShareStatement {
  /** age file (age-encryption.org/v1), base64. */
  readonly sealed: string;
  /** Over everything else, RFC 8785 form, base64. */
  readonly signature: string;
}

/** A custodian showed that they can open their share of a pending generation. */
export interface HoldingProof {
  readonly custodian: string;
  readonly at: Instant;
}

/** One generation of a set. */
export interface EscrowSetRecord {
  readonly key: string;
  /** `<version>#<generation>`, padded: newest last. */
  readonly name: string;
  /** `esc_` and a ULID; the same in all generations. */
  readonly setId: string;
  readonly version: number;
  readonly generation: number;
  /** The vault key that the material was made for. */
  readonly keyId: string;
  readonly required: number;
  readonly total: number;
  readonly bytes: number;
  readonly checkValue: string;
  readonly state: EscrowState;
  readonly custodians: readonly Custodian[];
  readonly proofs: readonly HoldingProof[];
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly activatedAt: Instant | null;
  /** When its shares were brought together last: what was opened once should be split anew. */
  readonly openedAt: Instant | null;
  readonly retiredAt: Instant | null;
  /** Why it is retired. */
  readonly cause: string | null;
}

/** What is wrong with a share. Each names one custodian's, and the others stay usable. */
export type ShareFault =
  | 'no-custodian'
  | 'bad-signature'
  | 'unreadable'
  | 'wrong-length'
  | 'no-share'
  | 'foreign-set'
  | 'other-generation'
  | 'other-quorum'
  | 'index-out-of-range'
  | 'another-custodians'
  | 'duplicate'
  | 'bent';

/** What the shares are brought together for. */
export type EscrowPurpose = 'recover' | 'reshare';

/** `requested` waits for approvals; `open` takes contributions until it expires. */
export type EscrowSessionState = 'requested' | 'open' | 'done' | 'cancelled';

/** A share that its custodian opened and sealed again, to the session. */
export interface Contribution {
  readonly custodian: string;
  readonly at: Instant;
  /** age file to the session's recipient, base64. */
  readonly sealed: string;
}

/** One bringing-together of shares. Its one-time age key dies with it. */
export interface EscrowSessionRecord {
  readonly key: string;
  /** `ers_` and a ULID. */
  readonly name: string;
  readonly purpose: EscrowPurpose;
  readonly setId: string;
  readonly version: number;
  readonly generation: number;
  readonly state: EscrowSessionState;
  /** age recipient that contributions are sealed to; part of what is approved. */
  readonly recipient: string;
  /** The identity of the recipient, sealed in KMS; null once the session has ended. */
  readonly sealedIdentity: string | null;
  /** Of a re-share: the quorum and the custodians of the next generation. */
  readonly next: { readonly required: number; readonly custodians: readonly Custodian[] } | null;
  readonly reason: string | null;
  readonly requestedBy: string;
  /** Which request asked for it, so that the same one, sent again, takes it up; absent: none that can be sent again. */
  readonly request?: string;
  readonly requestedAt: Instant;
  readonly expiresAt: Instant;
  /** The request for approval that opened it. */
  readonly approvalId: string | null;
  /** Emptied when the session ends. */
  readonly contributions: readonly Contribution[];
  /** Whose shares were used. */
  readonly used: readonly string[];
  /** Whose were refused, and why; of the last try. */
  readonly refused: string | null;
  readonly endedAt: Instant | null;
}

/** What a key has in escrow. */
export interface EscrowRecords {
  /** In the order of versions and generations. */
  readonly sets: readonly EscrowSetRecord[];
  /** In the order of their ids, which is that of time. */
  readonly sessions: readonly EscrowSessionRecord[];
}

/** The stored envelopes of one generation. */
export interface StoredShares {
  readonly setId: string;
  readonly generation: number;
  readonly envelopes: readonly ShareEnvelope[];
}

/** What one transaction on a key changes of its escrow. */
export interface EscrowChange {
  readonly sets?: readonly EscrowSetRecord[];
  readonly sessions?: readonly EscrowSessionRecord[];
  readonly shares?: readonly StoredShares[];
}
