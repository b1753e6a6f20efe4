// SPDX-License-Identifier: Apache-2.0
// CloudHSM clusters with their HSMs, and backups, as JSON documents by id: they are few and read whole.
import type { Database } from './database.ts';

export type ClusterState =
  | 'CREATE_IN_PROGRESS'
  | 'UNINITIALIZED'
  | 'INITIALIZE_IN_PROGRESS'
  | 'INITIALIZED'
  | 'ACTIVE'
  | 'DELETE_IN_PROGRESS'
  | 'DELETED';
export type HsmState =
  | 'CREATE_IN_PROGRESS'
  | 'ACTIVE'
  | 'DEGRADED'
  | 'DELETE_IN_PROGRESS'
  | 'DELETED';

/** One HSM of a cluster. `settlesAt` is when its state ends, epoch milliseconds. */
export interface HsmRecord {
  readonly hsmId: string;
  readonly availabilityZone: string;
  readonly subnetId: string;
  readonly ipAddress: string;
  readonly state: HsmState;
  readonly settlesAt: number;
}

/** A cluster. `settlesAt` is when its state ends, epoch milliseconds. */
export interface ClusterRecord {
  readonly clusterId: string;
  readonly createdAt: number;
  readonly hsmType: string;
  readonly mode: string;
  readonly retentionDays: number;
  readonly subnetMapping: Readonly<Record<string, string>>;
  readonly vpcId: string;
  readonly securityGroup: string;
  readonly sourceBackupId: string | null;
  readonly state: ClusterState;
  readonly settlesAt: number;
  readonly hsms: readonly HsmRecord[];
  readonly csr: string | null;
  readonly hsmCertificate: string | null;
  readonly clusterCertificate: string | null;
  readonly trustAnchor: string | null;
  /** Digest of the password of `kmsuser`; null until a key store brings the first one. */
  readonly kmsUserDigest: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** A backup of a cluster's token. */
export interface BackupRecord {
  readonly backupId: string;
  readonly clusterId: string;
  readonly createdAt: number;
  readonly hsmType: string;
  readonly mode: string;
  readonly tags: Readonly<Record<string, string>>;
}

function parse<Document>(row: Record<string, unknown> | undefined): Document | undefined {
  return row === undefined ? undefined : JSON.parse(String(row['document']));
}

/** The tables of clusters and backups. */
export class Clusters {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes a cluster, new or changed. */
  put(cluster: ClusterRecord): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO clusters VALUES (?, ?)')
      .run(cluster.clusterId, JSON.stringify(cluster));
  }

  /** The cluster as last written; see `hsm/cluster-state.ts` for its state now. */
  find(clusterId: string): ClusterRecord | undefined {
    return parse(
      this.#database.prepare('SELECT document FROM clusters WHERE cluster_id = ?').get(clusterId),
    );
  }

  /** All clusters by id. */
  all(): ClusterRecord[] {
    return this.#database
      .prepare('SELECT document FROM clusters ORDER BY cluster_id')
      .all()
      .flatMap((row) => parse<ClusterRecord>(row) ?? []);
  }

  /** Writes a backup. */
  putBackup(backup: BackupRecord): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO backups VALUES (?, ?)')
      .run(backup.backupId, JSON.stringify(backup));
  }

  /** All backups by id. */
  backups(): BackupRecord[] {
    return this.#database
      .prepare('SELECT document FROM backups ORDER BY backup_id')
      .all()
      .flatMap((row) => parse<BackupRecord>(row) ?? []);
  }
}
