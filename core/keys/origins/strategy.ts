// SPDX-License-Identifier: Apache-2.0
// What an origin means for the life of a key. One file per origin beside this one; `all.ts` lists them. A new origin is
// its file, its line there, and a run of the contract suite (`test/adapters/contract/origins.contract.ts`).
import type { Origin } from '../../contract/vocabulary.ts';
import type { KeySnapshot } from '../../ports/ledger.ts';

export interface OriginStrategy {
  readonly origin: Origin;
  /** The record of the key store that its KMS keys lie in; null for the stage's CloudHSM key store. */
  readonly keyStore: string | null;
  /** True when KMS waits for material that Keyturn generates and imports. */
  readonly importsMaterial: boolean;
  /**
   * How the next version comes about: `new-key`, a KMS key of its own and the switch of the alias; `in-place`, new
   * material of the KMS key of the current version, which keeps opening what its older material wrote.
   */
  nextVersion(snapshot: Pick<KeySnapshot, 'key' | 'versions'>): 'new-key' | 'in-place';
}

/** Rotations on demand of one KMS key, for life (AWS KMS developer guide, quotas; was 10 before 2026). */
export const IN_PLACE_LIMIT = 25;
/** From here on people are told that the budget runs out. */
export const IN_PLACE_WARNING = 20;

/** How often the KMS key of the current version was rotated in place: its versions, less the first. */
export function inPlaceRotations({ key, versions }: Pick<KeySnapshot, 'key' | 'versions'>): number {
  if (key.currentKeyId === null) return 0;
  const sharing = versions.filter(({ keyId }) => keyId === key.currentKeyId);
  return Math.max(0, sharing.length - 1);
}
