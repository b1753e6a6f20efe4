// SPDX-License-Identifier: Apache-2.0
// Clusters of drills, from CloudHSM. What is ended here carries the tag of a drill; the rights of the function ask for it
// too (`lib/permissions/drill-grants.ts`).
import {
  type BackupState,
  type Backup as BackupView,
  type CloudHSMV2Client,
  type Cluster,
  CreateClusterCommand,
  CreateHsmCommand,
  DeleteBackupCommand,
  DeleteClusterCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import { precondition } from '#core/errors.ts';
import type { DrillBackup, DrillCluster, DrillSite } from '#core/ports/drill-site.ts';
import type { Backup } from '#core/ports/recovery-site.ts';
import { asked } from './cloudhsm-errors.ts';

export interface DrillPlace {
  readonly hsmType: string;
  readonly subnetIds: readonly string[];
  readonly zones: readonly string[];
  readonly backupRetentionDays: number;
}

/** Tag by which the clusters of a drill are found, and told from those in service. */
export const DRILL_TAG = 'keyturn:drill';

export class CloudHsmDrillSite implements DrillSite {
  readonly #hsm: CloudHSMV2Client;
  readonly #place: DrillPlace;

  constructor(hsm: CloudHSMV2Client, place: DrillPlace) {
    this.#hsm = hsm;
    this.#place = place;
  }

  async newestBackup(clusterId: string): Promise<Backup | null> {
    const ready = await this.#backups([clusterId], ['READY']);
    const found = ready.flatMap(({ BackupId: id, CreateTimestamp }) =>
      id && CreateTimestamp ? [{ id, clusterId, at: CreateTimestamp.toISOString() }] : [],
    );
    return found.sort((a, b) => (a.at < b.at ? 1 : -1))[0] ?? null;
  }

  async #backups(ids: readonly string[], states?: BackupState[]): Promise<readonly BackupView[]> {
    const found: BackupView[] = [];
    for (let NextToken: string | undefined; ; ) {
      const command = new DescribeBackupsCommand({
        Filters: { clusterIds: [...ids], ...(states ? { states } : {}) },
        ...(NextToken ? { NextToken } : {}),
      });
      const page = await asked(() => this.#hsm.send(command));
      found.push(...(page.Backups ?? []));
      NextToken = page.NextToken;
      if (!NextToken) return found;
    }
  }

  async clustersOf(tag: string): Promise<readonly DrillCluster[]> {
    const all = await this.#clusters();
    return all
      .filter(({ State }) => State !== 'DELETED')
      .filter(({ TagList = [] }) =>
        TagList.some(({ Key, Value }) => Key === DRILL_TAG && Value === tag),
      )
      .map(({ ClusterId: id = '', State: state = '', Hsms = [] }) => ({
        id,
        state,
        hsms: Hsms.filter((one) => one.State !== 'DELETED').map(({ HsmId = '', State = '' }) => ({
          id: HsmId,
          state: State,
        })),
      }));
  }

  async #clusters(): Promise<readonly Cluster[]> {
    const found: Cluster[] = [];
    for (let NextToken: string | undefined; ; ) {
      const command = new DescribeClustersCommand(NextToken ? { NextToken } : {});
      const page = await asked(() => this.#hsm.send(command));
      found.push(...(page.Clusters ?? []));
      NextToken = page.NextToken;
      if (!NextToken) return found;
    }
  }

  async createCluster(backupId: string, tag: string): Promise<void> {
    const { hsmType, subnetIds, backupRetentionDays } = this.#place;
    const command = new CreateClusterCommand({
      HsmType: hsmType,
      SubnetIds: [...subnetIds],
      SourceBackupId: backupId,
      BackupRetentionPolicy: { Type: 'DAYS', Value: String(backupRetentionDays) },
      TagList: [{ Key: DRILL_TAG, Value: tag }],
    });
    await asked(() => this.#hsm.send(command));
  }

  async createHsm(ClusterId: string): Promise<void> {
    const [AvailabilityZone] = this.#place.zones;
    precondition(AvailabilityZone, 'the settings name a zone');
    await asked(() => this.#hsm.send(new CreateHsmCommand({ ClusterId, AvailabilityZone })));
  }

  async deleteHsm(ClusterId: string, HsmId: string): Promise<void> {
    await asked(() => this.#hsm.send(new DeleteHsmCommand({ ClusterId, HsmId })));
  }

  async deleteCluster(ClusterId: string): Promise<void> {
    await asked(() => this.#hsm.send(new DeleteClusterCommand({ ClusterId })));
  }

  async backupsOf(clusterIds: readonly string[]): Promise<readonly DrillBackup[]> {
    return (await this.#backups(clusterIds)).map(({ BackupId: id = '', BackupState }) => ({
      id,
      state: BackupState ?? '',
    }));
  }

  async deleteBackup(BackupId: string): Promise<void> {
    await asked(() => this.#hsm.send(new DeleteBackupCommand({ BackupId })));
  }
}
