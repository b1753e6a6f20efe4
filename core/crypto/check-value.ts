// SPDX-License-Identifier: Apache-2.0
// Tells whether a secret is the one that it should be, without telling anything else about it: HKDF-SHA-256 (RFC 5869),
// with the set as salt. The customary check value, a block of zeros encrypted under the key, is bits of what AES-GCM
// hashes with (SP 800-38D §6.4), and the same in every system that holds the key; this one is the key's in no use of it.
import { hkdfSync } from 'node:crypto';

const LABEL = 'keyturn-escrow-check/1';
/** Whole, not cut to the customary three bytes: no other secret passes. */
const CHECK_BYTES = 32;

/** @param salt distinguishes sets, so that equal secrets of two sets cannot be told from their check values */
export function checkValue(secret: Uint8Array, salt: string): string {
  return Buffer.from(hkdfSync('sha256', secret, salt, LABEL, CHECK_BYTES)).toString('hex');
}

/** Overwrites buffers that held key material. What the runtime copied meanwhile is out of reach (`docs/escrow.md`). */
export function wipe(...buffers: readonly Uint8Array[]): void {
  for (const buffer of buffers) buffer.fill(0);
}
