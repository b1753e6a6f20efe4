// SPDX-License-Identifier: Apache-2.0
// Backups of clusters as JSON documents by id; the token's content lies in a folder of the same name.
import type { Database } from './database.ts';

export type BackupState = 'CREATE_IN_PROGRESS' | 'READY' | 'PENDING_DELETION';

/** What a backup holds of its cluster besides the token, as it was at that moment. */
export interface BackupContent {
  readonly historyId: string;
  readonly csr: string | null;
  readonly hsmCertificate: string | null;
  readonly clusterCertificate: string | null;
  readonly trustAnchor: string | null;
  readonly kmsUserDigest: string | null;
  readonly awaitsActivation: boolean;
}

/** A backup. Instants are epoch milliseconds; `settlesAt` is when CREATE_IN_PROGRESS ends. */
export interface BackupRecord {
  readonly backupId: string;
  readonly region: string;
  readonly clusterId: string;
  readonly createdAt: number;
  readonly copiedAt: number | null;
  readonly source: { readonly region: string; readonly backupId: string } | null;
  readonly state: BackupState;
  readonly settlesAt: number;
  readonly neverExpires: boolean;
  readonly deleteAt: number | null;
  readonly hsmType: string;
  readonly mode: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy: string | null;
  readonly content: BackupContent;
}

/** The table of backups. */
export class Backups {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes a backup, new or changed. */
  put(backup: BackupRecord): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO backups VALUES (?, ?)')
      .run(backup.backupId, JSON.stringify(backup));
  }

  /** All backups by id. Documents written before backups had content cannot be restored: they are left out. */
  all(): BackupRecord[] {
    return this.#database
      .prepare('SELECT document FROM backups ORDER BY backup_id')
      .all()
      .map((row): BackupRecord => JSON.parse(String(row['document'])))
      .filter(({ content }) => content !== undefined);
  }

  /** Forgets a backup. */
  remove(backupId: string): void {
    this.#database.prepare('DELETE FROM backups WHERE backup_id = ?').run(backupId);
  }
}
