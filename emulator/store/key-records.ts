// SPDX-License-Identifier: Apache-2.0
// KMS keys as rows. Readers see a key as far as its changes are visible; a row in status `creating` is
// not a key yet: its material is being made, and a crash leaves it for reconciliation.
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';
import type { KeyMaterials } from './key-materials.ts';
import { type KeyRecord, toColumns, toRecord } from './key-row.ts';
import type { Visibility } from './visibility.ts';

/** What may change after creation. */
export type KeyChange = Partial<
  Pick<
    KeyRecord,
    | 'state'
    | 'deletionAt'
    | 'description'
    | 'policy'
    | 'tags'
    | 'rotationPeriodDays'
    | 'materialId'
    | 'wrappedKey'
    | 'publicKey'
  >
>;

const CHANGEABLE = {
  state: 'state',
  deletionAt: 'deletion_at',
  description: 'description',
  policy: 'policy',
  tags: 'tags',
  rotationPeriodDays: 'rotation_period_days',
  materialId: 'material_id',
  wrappedKey: 'wrapped_key',
  publicKey: 'public_key',
} as const satisfies Record<keyof KeyChange, string>;

/** The table of keys. */
export class KeyRecords {
  readonly #database: Database;
  readonly #visibility: Visibility;
  readonly #clock: Clock;
  readonly #materials: KeyMaterials;

  constructor(database: Database, visibility: Visibility, clock: Clock, materials: KeyMaterials) {
    this.#materials = materials;
    this.#database = database;
    this.#visibility = visibility;
    this.#clock = clock;
  }

  /** Writes a new key; `creating` when its material is still to be made. */
  insert(record: KeyRecord, status: 'creating' | 'live', visibleAt: number): void {
    this.#database
      .prepare('INSERT INTO keys VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)')
      .run(...toColumns(record, status));
    if (visibleAt > this.#clock()) {
      this.#visibility.hide(`key:${record.keyId}`, 'exists', false, visibleAt);
    }
  }

  /** The material is there: the row becomes a key, with its public half when it has one. */
  finish(keyId: string, publicKey: Buffer | null = null): void {
    this.#database
      .prepare(`UPDATE keys SET status = 'live', public_key = ? WHERE key_id = ?`)
      .run(publicKey, keyId);
  }

  /** The key as readers see it, or undefined. */
  find(keyId: string): KeyRecord | undefined {
    const row = this.#database
      .prepare(`SELECT * FROM keys WHERE key_id = ? AND status = 'live'`)
      .get(keyId);
    return row === undefined ? undefined : this.#seen(toRecord(row));
  }

  /** The key as committed, for changes that build on what is there. */
  committed(keyId: string): KeyRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM keys WHERE key_id = ?').get(keyId);
    return row === undefined ? undefined : toRecord(row);
  }

  /** Changes a key; readers see the change from `visibleAt` on. */
  change(keyId: string, change: KeyChange, visibleAt: number): void {
    const before = this.committed(keyId);
    if (before === undefined) return;
    const properties = Object.keys(change) as (keyof KeyChange)[];
    const columns = properties.map((property) => `${CHANGEABLE[property]} = ?`).join(', ');
    const values = properties.map((property) => {
      const value = change[property] ?? null;
      if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
      return JSON.stringify(value);
    });
    this.#database.prepare(`UPDATE keys SET ${columns} WHERE key_id = ?`).run(...values, keyId);
    if (visibleAt <= this.#clock() && this.#visibility.isSettled(`key:${keyId}`)) return;
    for (const property of properties) {
      this.#visibility.hide(`key:${keyId}`, property, before[property], visibleAt);
    }
  }

  /** Forgets a key and its aliases. */
  remove(keyId: string): void {
    this.#database.prepare('DELETE FROM aliases WHERE key_id = ?').run(keyId);
    this.#database.prepare('DELETE FROM grants WHERE key_id = ?').run(keyId);
    this.#materials.removeKey(keyId);
    this.#database.prepare('DELETE FROM keys WHERE key_id = ?').run(keyId);
  }

  /** Up to `limit` keys with ids after `after`, in id order. */
  page(after: string, limit: number): KeyRecord[] {
    return this.#database
      .prepare(`SELECT * FROM keys WHERE key_id > ? AND status = 'live' ORDER BY key_id LIMIT ?`)
      .all(after, limit)
      .map(toRecord);
  }

  /** Whether readers see that the key exists. */
  isVisible(keyId: string): boolean {
    return this.#visibility.seen(`key:${keyId}`, 'exists', true);
  }

  /** Keys of a store, also those pending deletion. */
  countInStore(keyStoreId: string): number {
    const row = this.#database
      .prepare('SELECT count(*) AS count FROM keys WHERE key_store_id = ?')
      .get(keyStoreId);
    return row?.['count'] as number;
  }

  /** All keys of a store, whatever their state, are looked for in another cluster from now on. */
  moveToCluster(keyStoreId: string, clusterId: string): void {
    this.#database
      .prepare('UPDATE keys SET cluster_id = ? WHERE key_store_id = ?')
      .run(clusterId, keyStoreId);
  }

  /** Keys whose deletion time has come. */
  due(now: number): KeyRecord[] {
    return this.#database
      .prepare('SELECT * FROM keys WHERE deletion_at IS NOT NULL AND deletion_at <= ?')
      .all(now)
      .map(toRecord);
  }

  /** Rows whose material was being made when the process died. */
  unfinished(): KeyRecord[] {
    return this.#database
      .prepare(`SELECT * FROM keys WHERE status = 'creating'`)
      .all()
      .map(toRecord);
  }

  #seen(record: KeyRecord): KeyRecord | undefined {
    const subject = `key:${record.keyId}`;
    if (this.#visibility.isSettled(subject)) return record;
    if (!this.#visibility.seen(subject, 'exists', true)) return undefined;
    const seen = Object.keys(CHANGEABLE).map((property) => [
      property,
      this.#visibility.seen(subject, property, record[property as keyof KeyRecord]),
    ]);
    return { ...record, ...Object.fromEntries(seen) };
  }
}
