// SPDX-License-Identifier: Apache-2.0
// AES-256-GCM (NIST SP 800-38D) over whole messages. The caller gives the IV: randomness comes through ports.
import { createCipheriv, createDecipheriv } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
/** Bytes of an IV: the length for which GCM needs no further hashing (SP 800-38D §8.2). */
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

export interface Sealing {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  /** Authenticated, not encrypted. */
  readonly additional: Uint8Array;
}

/** @returns tag and ciphertext, in this order */
export function seal({ key, iv, additional }: Sealing, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, key, iv);
  cipher.setAAD(additional);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([cipher.getAuthTag(), body]);
}

/** @throws Error when the ciphertext, the additional data or the key is another one */
export function open({ key, iv, additional }: Sealing, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(additional);
  decipher.setAuthTag(sealed.subarray(0, TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(TAG_BYTES)), decipher.final()]);
}
