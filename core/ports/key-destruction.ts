// SPDX-License-Identifier: Apache-2.0
// Ports of destruction, one a duty: who takes a vault key away, who gives it back, who looks, who signs.
import type { Instant } from '../keys/records.ts';

/** `gone`: the vault does not know the key any more. */
export type VaultKeyState = 'enabled' | 'disabled' | 'pending-deletion' | 'gone' | 'other';

export interface KeyStateReader {
  /** @returns the state, and the date of the deletion of a key that is pending */
  stateOf(keyId: string): Promise<{ state: VaultKeyState; deletionAt: Instant | null }>;
}

export interface KeyRetirer extends KeyStateReader {
  /** Stops every use of the key; a key that is disabled stays so. */
  disable(keyId: string): Promise<void>;
  /** A key that is scheduled already keeps its date. `days` is 7 to 30 (KMS ScheduleKeyDeletion). */
  schedule(keyId: string, days: number): Promise<void>;
}

export interface KeyReviver extends KeyStateReader {
  /** Takes a scheduled deletion back; a key that is not scheduled stays as it is. */
  cancelDeletion(keyId: string): Promise<void>;
  enable(keyId: string): Promise<void>;
}

export interface CertificateSigner {
  /** A compact JWS over the text. */
  signCertificate(text: string): Promise<string>;
}
