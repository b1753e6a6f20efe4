// SPDX-License-Identifier: Apache-2.0
// Ports of a drill: clusters that are made for it alone, and how custodians are told. Everything it makes carries the
// drill's tag, and nothing without that tag can be ended through this port.
import type { Instant } from '../keys/records.ts';
import type { Backup } from './recovery-site.ts';

export interface DrillCluster {
  readonly id: string;
  /** As CloudHSM names it. Deleted ones are not shown, those that are being deleted are. */
  readonly state: string;
  readonly hsms: readonly { readonly id: string; readonly state: string }[];
}

export interface DrillBackup {
  readonly id: string;
  /** CREATE_IN_PROGRESS, READY, PENDING_DELETION, DELETED. */
  readonly state: string;
}

/** All throw KeyturnError: `KeyStoreUnavailable` when CloudHSM refuses for good, else `DependencyUnavailable`. */
export interface DrillSite {
  /** The newest backup of a cluster that can be restored. */
  newestBackup(clusterId: string): Promise<Backup | null>;
  /** Clusters with the tag of a drill. */
  clustersOf(tag: string): Promise<readonly DrillCluster[]>;
  createCluster(backupId: string, tag: string): Promise<void>;
  createHsm(clusterId: string): Promise<void>;
  deleteHsm(clusterId: string, hsmId: string): Promise<void>;
  deleteCluster(clusterId: string): Promise<void>;
  /** Backups that CloudHSM took of these clusters, in whatever state. */
  backupsOf(clusterIds: readonly string[]): Promise<readonly DrillBackup[]>;
  deleteBackup(backupId: string): Promise<void>;
}

export interface DrillNotice {
  readonly drillId: string;
  readonly keyStore: string;
  readonly answerUntil: Instant;
}

export interface DrillNotices {
  /**
   * Asks one custodian to answer. Told again, it tells nobody twice.
   * @returns false when there is no way to tell this person
   * @throws KeyturnError when the channel did not take it; it is tried again
   */
  tell(sub: string, notice: DrillNotice): Promise<boolean>;
}
