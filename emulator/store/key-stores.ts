// SPDX-License-Identifier: Apache-2.0
// Custom key stores as rows. Connecting takes time: the state settles when it is read after its instant.
import type { SQLOutputValue } from 'node:sqlite';
import type { Database } from './database.ts';

/** Connection states of AWS. */
export type ConnectionState =
  | 'CONNECTED'
  | 'CONNECTING'
  | 'DISCONNECTED'
  | 'DISCONNECTING'
  | 'FAILED';

/** A custom key store. The password is kept as a digest and never answered. */
export interface KeyStoreRecord {
  readonly keyStoreId: string;
  readonly name: string;
  readonly clusterId: string;
  readonly trustAnchor: string;
  readonly passwordDigest: string;
  readonly state: ConnectionState;
  /** When CONNECTING or DISCONNECTING ends, epoch milliseconds. */
  readonly settlesAt: number;
  readonly connectionError: string | null;
  readonly createdAt: number;
}

function toKeyStore(row: Record<string, SQLOutputValue>): KeyStoreRecord {
  return {
    keyStoreId: row['key_store_id'] as string,
    name: row['name'] as string,
    clusterId: row['cluster_id'] as string,
    trustAnchor: row['trust_anchor'] as string,
    passwordDigest: row['password_digest'] as string,
    state: row['state'] as ConnectionState,
    settlesAt: row['settles_at'] as number,
    connectionError: row['connection_error'] as string | null,
    createdAt: row['created_at'] as number,
  };
}

/** The table of custom key stores. */
export class KeyStores {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes a store, new or changed. */
  put(store: KeyStoreRecord): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO key_stores VALUES (?,?,?,?,?,?,?,?,?)')
      .run(
        store.keyStoreId,
        store.name,
        store.clusterId,
        store.trustAnchor,
        store.passwordDigest,
        store.state,
        store.settlesAt,
        store.connectionError,
        store.createdAt,
      );
  }

  /** The store as last written; see `hsm/key-store-connection.ts` for its state now. */
  find(keyStoreId: string): KeyStoreRecord | undefined {
    const row = this.#database
      .prepare('SELECT * FROM key_stores WHERE key_store_id = ?')
      .get(keyStoreId);
    return row === undefined ? undefined : toKeyStore(row);
  }

  /** All stores by name. */
  all(): KeyStoreRecord[] {
    return this.#database.prepare('SELECT * FROM key_stores ORDER BY name').all().map(toKeyStore);
  }

  /** Forgets a store. */
  remove(keyStoreId: string): void {
    this.#database.prepare('DELETE FROM key_stores WHERE key_store_id = ?').run(keyStoreId);
  }
}
