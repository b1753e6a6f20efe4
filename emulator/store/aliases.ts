// SPDX-License-Identifier: Apache-2.0
// Aliases as rows: a name and the key it points at. Readers see old targets until a change is visible.
import type { SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';
import type { Visibility } from './visibility.ts';

/** An alias; the name begins with `alias/`. Instants are epoch milliseconds. */
export interface AliasRecord {
  readonly name: string;
  readonly keyId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

function toAlias(row: Record<string, SQLOutputValue>): AliasRecord {
  return {
    name: row['name'] as string,
    keyId: row['key_id'] as string,
    createdAt: row['created_at'] as number,
    updatedAt: row['updated_at'] as number,
  };
}

/** The table of aliases. */
export class Aliases {
  readonly #database: Database;
  readonly #visibility: Visibility;
  readonly #clock: Clock;

  constructor(database: Database, visibility: Visibility, clock: Clock) {
    this.#database = database;
    this.#visibility = visibility;
    this.#clock = clock;
  }

  /** The alias as readers see it. */
  find(name: string): AliasRecord | undefined {
    return this.#visibility.seen(`alias:${name}`, 'alias', this.committed(name));
  }

  /** The alias as committed. */
  committed(name: string): AliasRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM aliases WHERE name = ?').get(name);
    return row === undefined ? undefined : toAlias(row);
  }

  /** Writes an alias, new or moved; readers see it from `visibleAt` on. */
  put(alias: AliasRecord, visibleAt: number): void {
    const before = this.committed(alias.name);
    this.#database
      .prepare('INSERT OR REPLACE INTO aliases VALUES (?,?,?,?)')
      .run(alias.name, alias.keyId, alias.createdAt, alias.updatedAt);
    this.#hide(alias.name, before, visibleAt);
  }

  /** Removes an alias. */
  remove(name: string, visibleAt: number): void {
    const before = this.committed(name);
    this.#database.prepare('DELETE FROM aliases WHERE name = ?').run(name);
    this.#hide(name, before, visibleAt);
  }

  /** The names readers see on a key, in order. */
  namesOf(keyId: string): string[] {
    return this.all(keyId).map(({ name }) => name);
  }

  /** Every visible alias in name order, or those of one key. */
  all(keyId?: string): AliasRecord[] {
    const committed = (
      keyId === undefined
        ? this.#database.prepare('SELECT * FROM aliases').all()
        : this.#database.prepare('SELECT * FROM aliases WHERE key_id = ?').all(keyId)
    ).map(toAlias);
    const held = this.#visibility.subjects('alias:').map((subject) => subject.slice(6));
    const names = new Set([...committed.map(({ name }) => name), ...held]);
    return [...names]
      .sort()
      .flatMap((name) => this.find(name) ?? [])
      .filter((alias) => keyId === undefined || alias.keyId === keyId);
  }

  #hide(name: string, before: AliasRecord | undefined, visibleAt: number): void {
    const subject = `alias:${name}`;
    if (visibleAt <= this.#clock() && this.#visibility.isSettled(subject)) return;
    this.#visibility.hide(subject, 'alias', before, visibleAt);
  }
}
