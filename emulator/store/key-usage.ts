// SPDX-License-Identifier: Apache-2.0
// When each key was last used. Kept in memory and written at most once a minute for each key, so that a
// cryptographic call need not wait for the disk; a killed process forgets that minute, as AWS is late as well.
import type { Database } from './database.ts';

/** The last successful cryptographic call with a key. */
export interface KeyUse {
  readonly operation: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly requestId: string;
}

const WRITE_MILLISECONDS = 60_000;

/** The table of last uses. */
export class KeyUsage {
  readonly #database: Database;
  readonly #uses = new Map<string, KeyUse>();
  readonly #written = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
    for (const row of database.prepare('SELECT * FROM key_usage').all()) {
      this.#uses.set(row['key_id'] as string, JSON.parse(String(row['document'])));
    }
  }

  /** Remembers a use. */
  note(keyId: string, use: KeyUse): void {
    this.#uses.set(keyId, use);
    const written = this.#written.get(keyId);
    if (written === undefined || use.at - written >= WRITE_MILLISECONDS) this.#write(keyId, use);
  }

  /** The last use, or undefined. */
  last(keyId: string): KeyUse | undefined {
    return this.#uses.get(keyId);
  }

  /** Writes what was not written yet. */
  flush(): void {
    for (const [keyId, use] of this.#uses) {
      if (this.#written.has(keyId)) this.#write(keyId, use);
    }
  }

  /** Forgets a key. */
  remove(keyId: string): void {
    this.#uses.delete(keyId);
    this.#written.delete(keyId);
    this.#database.prepare('DELETE FROM key_usage WHERE key_id = ?').run(keyId);
  }

  #write(keyId: string, use: KeyUse): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO key_usage VALUES (?, ?)')
      .run(keyId, JSON.stringify(use));
    this.#written.set(keyId, use.at);
  }
}
