// SPDX-License-Identifier: Apache-2.0
// Material of keys of the vault in memory: imported, or made anew in place.
import { createHash } from 'node:crypto';
import { KeyturnError } from '#core/errors.ts';
import type { StoredKey } from './stored-key.ts';

/** Rotations on demand of one key (AWS KMS developer guide, quotas). */
const ROTATIONS = 25;

/** A key that had material takes only the same again. */
export function importInto(key: StoredKey, bytes: Uint8Array, expiresAt: string | null): void {
  const digest = createHash('sha256').update(bytes).digest('hex');
  if ((key.imported ?? digest) !== digest)
    throw new KeyturnError('EscrowCheckFailed', 'the key was made of other material');
  Object.assign(key, { imported: digest, isWaiting: false, expiresAt });
}

/** @param seenFrom the call from which on readers see the new material */
export function rotateInside(key: StoredKey, seenFrom: number): void {
  if (key.origin !== 'AWS_KMS')
    throw new KeyturnError('KeyNotUsable', 'only keys of KMS itself rotate so');
  if (key.material.count > ROTATIONS)
    throw new KeyturnError('InPlaceBudgetSpent', 'the key was rotated 25 times');
  key.material.rotate();
  key.shownMaterial.set(key.material.currentId, seenFrom);
}
