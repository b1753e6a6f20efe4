// SPDX-License-Identifier: Apache-2.0
// Ports of escrow: arithmetic of shares, sealing to people, signatures, import into the vault.
import type { ShareEnvelope } from '../escrow/records.ts';
import type { Instant } from '../keys/records.ts';

export interface SecretSplitter {
  /** Shares of which any `required` rebuild the secret and fewer say nothing of it; they are the caller's to wipe. */
  split(secret: Uint8Array, total: number, required: number): Promise<readonly Uint8Array[]>;
  /** Never fails on wrong shares, but answers a wrong secret: whoever calls it checks the result. */
  combine(shares: readonly Uint8Array[]): Promise<Uint8Array>;
}

export interface ShareSealer {
  /** @throws KeyturnError `ValidationFailed` when the recipient is none */
  seal(plaintext: Uint8Array, recipient: string): Promise<Uint8Array>;
  /** Null when it was sealed to somebody else, or is damaged. */
  open(sealed: Uint8Array, identity: string): Promise<Uint8Array | null>;
  /** A new pair: whoever knows the identity opens what is sealed to the recipient. */
  newIdentity(): Promise<{ readonly identity: string; readonly recipient: string }>;
}

export interface ShareSigner {
  /** Base64. */
  sign(message: Uint8Array): Promise<string>;
}

export interface ShareVerifier {
  verify(message: Uint8Array, signature: string): Promise<boolean>;
}

/** Stored envelopes lie apart from the key's records: nobody else needs them. They are written with the key. */
export interface ShareArchive {
  /** Empty when there are none. */
  readShares(setId: string, generation: number): Promise<readonly ShareEnvelope[]>;
}

/** Keeps the identity of a session's one-time key unreadable at rest; bound to its session. */
export interface SessionSeal {
  seal(identity: string, session: string): Promise<string>;
  open(sealed: string, session: string): Promise<string>;
}

export interface MaterialImporter {
  /**
   * Puts material into a vault key that waits for some. The same material again is no error. Without `expiresAt`, or
   * with null, the vault keeps it.
   * @throws KeyturnError `EscrowCheckFailed` when the vault key was made of other material
   */
  importMaterial(keyId: string, material: Uint8Array, expiresAt?: Instant | null): Promise<void>;
  /** False while the vault key waits for material: its first, or because its own expired or was deleted. */
  hasMaterial(keyId: string): Promise<boolean>;
  /** When the vault forgets the material of a key; null: never. */
  expiryOf(keyId: string): Promise<Instant | null>;
}
