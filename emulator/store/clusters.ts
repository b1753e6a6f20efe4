// SPDX-License-Identifier: Apache-2.0
// CloudHSM clusters with their HSMs as JSON documents by id: they are few and read whole.
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
  /** Digest of the password of `kmsuser`; null while there is no such user. */
  readonly kmsUserDigest: string | null;
  /** Wrong passwords of `kmsuser` since the last right one. */
  readonly kmsUserFailures: number;
  /** Somebody other than KMS is logged in as `kmsuser`. */
  readonly kmsUserLoggedIn: boolean;
  /** Why KMS cannot reach the cluster: the connection error code that Connect ends in; null when it can. */
  readonly connectionFault: string | null;
  /** The first cluster of the backup history: clusters made of each other's backups share it. */
  readonly historyId: string;
  /** INITIALIZED until an HSM admin activates it; else it activates by itself. */
  readonly awaitsActivation: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

function parse(row: Record<string, unknown>): ClusterRecord {
  const document = JSON.parse(String(row['document']));
  // Documents of clusters made before these members existed.
  const absent = {
    kmsUserFailures: 0,
    kmsUserLoggedIn: false,
    connectionFault: null,
    historyId: document.clusterId,
    awaitsActivation: false,
  };
  return { ...absent, ...document };
}

/** The table of clusters. */
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
    const row = this.#database
      .prepare('SELECT document FROM clusters WHERE cluster_id = ?')
      .get(clusterId);
    return row === undefined ? undefined : parse(row);
  }

  /** All clusters by id. */
  all(): ClusterRecord[] {
    return this.#database
      .prepare('SELECT document FROM clusters ORDER BY cluster_id')
      .all()
      .map(parse);
  }
}
