// SPDX-License-Identifier: Apache-2.0
// Ports of escrow: arithmetic of shares, sealing to people, signatures, import into the vault.

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
