// SPDX-License-Identifier: Apache-2.0
// The HSMs of a cluster and its backups, as CloudHSM shows them.
import type { Instant } from '../keys/records.ts';

export interface HsmView {
  readonly id: string;
  readonly zone: string;
  /** As CloudHSM names it: CREATE_IN_PROGRESS, ACTIVE, DEGRADED, DELETE_IN_PROGRESS, DELETED. */
  readonly state: string;
}

export interface FleetView {
  readonly clusterId: string;
  readonly hsmType: string;
  readonly hsms: readonly HsmView[];
  /** Availability zones in which the cluster has a subnet. */
  readonly zones: readonly string[];
  /** Days for which CloudHSM keeps a backup; null when it says none. */
  readonly backupRetentionDays: number | null;
  /** Of the newest backup that can be restored. */
  readonly newestBackupAt: Instant | null;
}

export interface FleetReader {
  /** @throws KeyturnError `KeyStoreUnavailable` for a cluster that is not there, `DependencyUnavailable` */
  view(clusterId: string): Promise<FleetView>;
}

export interface HsmFleet extends FleetReader {
  /** Asks for one more HSM. @throws KeyturnError `KeyStoreUnavailable` when CloudHSM refuses, `DependencyUnavailable` */
  addHsm(clusterId: string, zone: string): Promise<void>;
  /** Asks for the end of an HSM, before which CloudHSM takes a backup. @throws KeyturnError as `addHsm` */
  deleteHsm(clusterId: string, hsmId: string): Promise<void>;
}
