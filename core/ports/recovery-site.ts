// SPDX-License-Identifier: Apache-2.0
// Port of a recovery: the clusters and backups of CloudHSM, and the connection of the key store.
import type { Instant } from '../keys/records.ts';

export interface Backup {
  readonly id: string;
  readonly clusterId: string;
  readonly at: Instant;
}

export interface ClusterView {
  readonly state: string;
  readonly hsms: readonly { readonly zone: string; readonly state: string }[];
}

export interface Connection {
  readonly state: string;
  readonly error: string | null;
  readonly clusterId: string;
}

export interface RecoverySite {
  /** Backups that can be restored, of these clusters, the newest first. */
  backupsOf(clusterIds: readonly string[]): Promise<readonly Backup[]>;
  /** Null for a cluster that is not there, or was deleted. */
  cluster(id: string): Promise<ClusterView | null>;
  /** The cluster that an earlier try of this operation made. */
  clusterOf(operationId: string): Promise<string | null>;
  createCluster(backupId: string, operationId: string): Promise<string>;
  createHsm(clusterId: string, zone: string): Promise<void>;
  connection(keyStoreId: string): Promise<Connection>;
  disconnect(keyStoreId: string): Promise<void>;
  connect(keyStoreId: string): Promise<void>;
  /** Points the disconnected key store at a cluster, with the password that `kmsuser` was given. */
  repoint(keyStoreId: string, clusterId: string): Promise<void>;
}
