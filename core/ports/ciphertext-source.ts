// SPDX-License-Identifier: Apache-2.0
// Port of places that hold ciphertexts. A source hands them out page by page, each shard by itself, and replaces one
// only while it is what was read: what an application writes meanwhile is never lost.
import type { SourceRecord } from '../keys/reencryption.ts';
import type { Context, VaultKey } from './key-vault.ts';

/** A ciphertext inside an item. */
export interface SealedPart {
  readonly ciphertext: Uint8Array;
  readonly context: Context;
}

/** `parts` are for us to re-encrypt; `keyId` says that the service that holds the item does it itself. */
export type SourceItem = {
  /** Names the item for people and in the list of dead ones: no content. */
  readonly id: string;
} & (
  | { readonly parts: readonly SealedPart[] }
  | { readonly keyId: string }
  /** Why the source cannot hand the item over, such as a context that is missing. */
  | { readonly defect: string }
);

export interface SourcePage {
  readonly items: readonly SourceItem[];
  /** Where to go on; null at the end of the shard. */
  readonly cursor: string | null;
}

/** New ciphertexts in the order of the parts, null where one stays; or the key that the service is to use. */
export type Replacement =
  | {
      readonly ciphertexts: readonly (Uint8Array | null)[];
      /** The version that they are under now; sources that keep it beside the ciphertext need it. */
      readonly target?: VaultKey & { readonly version: number };
    }
  | { readonly keyArn: string };

export interface CiphertextSource {
  readPage(shard: number, cursor: string | null, limit: number): Promise<SourcePage>;
  /** @returns false when the item is no longer what was read, or gone: it is looked at again in the next pass. */
  replace(item: SourceItem, replacement: Replacement): Promise<boolean>;
  /** About how many items the source holds, for the time that is left; null when it cannot say. */
  estimate(): Promise<number | null>;
}

/** Opens a registered source. @throws KeyturnError `SourceUnavailable` when this deployment cannot reach such a one */
export type OpenSource = (record: SourceRecord) => CiphertextSource;
