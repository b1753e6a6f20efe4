// SPDX-License-Identifier: Apache-2.0
// What related multi-Region keys share beside their rows: which of them is the primary. Kept once, with the
// configured Region, so that a new primary is one write and there is never none or two.
import type { Database } from './database.ts';

/** A passing state of one of the related keys; `until` is epoch milliseconds. */
export interface PassingState {
  readonly state: 'Creating' | 'Updating';
  readonly until: number;
}

/** A set of related keys. */
export interface MultiRegionRecord {
  readonly keyId: string;
  readonly primaryRegion: string;
  /** By Region. */
  readonly passing: Readonly<Record<string, PassingState>>;
  /** Waiting period of a primary that is to be deleted once its replicas are gone. */
  readonly pendingWindowDays: number | null;
}

/** The table of multi-Region keys. */
export class MultiRegionKeys {
  readonly #database: Database;
  /** Asked at every authorization on such a key, so they are held here as well. */
  readonly #records = new Map<string, MultiRegionRecord>();

  constructor(database: Database) {
    this.#database = database;
    for (const row of database.prepare('SELECT * FROM multi_region_keys').all()) {
      this.#records.set(row['key_id'] as string, JSON.parse(String(row['document'])));
    }
  }

  /** The set, or undefined for a key of one Region. */
  find(keyId: string): MultiRegionRecord | undefined {
    return this.#records.get(keyId);
  }

  /** Writes a set, new or changed. */
  put(record: MultiRegionRecord): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO multi_region_keys VALUES (?, ?)')
      .run(record.keyId, JSON.stringify(record));
    this.#records.set(record.keyId, record);
  }

  /** Forgets a set whose last key is gone. */
  remove(keyId: string): void {
    this.#database.prepare('DELETE FROM multi_region_keys WHERE key_id = ?').run(keyId);
    this.#records.delete(keyId);
  }
}
