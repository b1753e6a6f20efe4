// SPDX-License-Identifier: Apache-2.0
// The SQLite file: schema and connection. WAL with synchronous=NORMAL: a commit survives the death of this
// process at any instant (not a power cut of the host); a mutating call commits before it answers.
// The lock is exclusive: two emulators on one data folder would disagree about the HSM's objects.
import { DatabaseSync, type StatementSync } from 'node:sqlite';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS keys (
  key_id TEXT PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('creating', 'live')),
  created_at INTEGER NOT NULL,
  origin TEXT NOT NULL,
  key_spec TEXT NOT NULL,
  key_usage TEXT NOT NULL,
  key_store_id TEXT,
  cluster_id TEXT,
  material_id TEXT NOT NULL,
  wrapped_key BLOB,
  public_key BLOB,
  state TEXT NOT NULL CHECK (state IN ('Enabled', 'Disabled', 'PendingDeletion')),
  deletion_at INTEGER,
  description TEXT NOT NULL,
  policy TEXT NOT NULL,
  tags TEXT NOT NULL,
  rotation_period_days INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS keys_by_store ON keys (key_store_id);
CREATE INDEX IF NOT EXISTS keys_by_deletion ON keys (deletion_at) WHERE deletion_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS keys_unfinished ON keys (status) WHERE status = 'creating';
CREATE TABLE IF NOT EXISTS aliases (
  name TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS aliases_by_key ON aliases (key_id, name);
CREATE TABLE IF NOT EXISTS grants (
  grant_id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  retiring TEXT,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS grants_by_key ON grants (key_id, grant_id);
CREATE INDEX IF NOT EXISTS grants_by_retiring ON grants (retiring) WHERE retiring IS NOT NULL;
CREATE TABLE IF NOT EXISTS key_materials (
  key_id TEXT NOT NULL,
  material_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  wrapped_key BLOB,
  state TEXT NOT NULL,
  rotated_at INTEGER,
  rotation_type TEXT,
  description TEXT,
  valid_to INTEGER,
  PRIMARY KEY (key_id, material_id)
) STRICT;
CREATE INDEX IF NOT EXISTS materials_by_end ON key_materials (valid_to) WHERE valid_to IS NOT NULL;
CREATE TABLE IF NOT EXISTS key_rotations (
  key_id TEXT PRIMARY KEY,
  next_at INTEGER,
  on_demand_count INTEGER NOT NULL,
  started_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS import_tokens (
  token TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  wrapped_private_key BLOB NOT NULL,
  valid_to INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS key_usage (
  key_id TEXT PRIMARY KEY,
  document TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS multi_region_keys (
  key_id TEXT PRIMARY KEY,
  document TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS key_stores (
  key_store_id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  cluster_id TEXT NOT NULL,
  trust_anchor TEXT NOT NULL,
  password_digest TEXT NOT NULL,
  state TEXT NOT NULL,
  settles_at INTEGER NOT NULL,
  connection_error TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS clusters (
  cluster_id TEXT PRIMARY KEY,
  document TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS backups (
  backup_id TEXT PRIMARY KEY,
  document TEXT NOT NULL
) STRICT;
`;

const PRAGMAS =
  'PRAGMA busy_timeout = 500; PRAGMA locking_mode = EXCLUSIVE; ' +
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; COMMIT;';

/** A connection that prepares every statement once. */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens the file, creating what is missing. @throws Error when another process has it open */
  constructor(path: string) {
    this.#connection = new DatabaseSync(path);
    this.#open(path);
    this.#connection.exec(SCHEMA);
  }

  #open(path: string): void {
    try {
      this.#connection.exec(PRAGMAS);
    } catch (error) {
      this.#connection.close();
      throw new Error(`${path} is in use by another emulator, or not a database`, { cause: error });
    }
  }

  /** The prepared statement of this text. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Commits what the work writes, or rolls it back when it throws. */
  transaction(work: () => void): void {
    this.#connection.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#connection.exec('COMMIT');
    } catch (error) {
      this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  /** Closes the file. */
  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }
}
