// SPDX-License-Identifier: Apache-2.0
// The HSMs of a cluster, from CloudHSM.
import {
  type CloudHSMV2Client,
  CreateHsmCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import { KeyturnError } from '#core/errors.ts';
import type { FleetView, HsmFleet } from '#core/ports/hsm-fleet.ts';
import { asked } from './cloudhsm-errors.ts';

export class CloudHsmFleet implements HsmFleet {
  readonly #hsm: CloudHSMV2Client;

  constructor(hsm: CloudHSMV2Client) {
    this.#hsm = hsm;
  }

  async view(clusterId: string): Promise<FleetView> {
    const find = new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } });
    const { Clusters: [found] = [] } = await asked(() => this.#hsm.send(find));
    if (!found)
      throw new KeyturnError('KeyStoreUnavailable', `CloudHSM knows no cluster ${clusterId}`);
    const { Type, Value } = found.BackupRetentionPolicy ?? {};
    return {
      clusterId,
      hsmType: found.HsmType ?? '',
      hsms: (found.Hsms ?? []).map(({ HsmId: id = '', AvailabilityZone: zone = '', State }) => ({
        id,
        zone,
        state: State ?? '',
      })),
      zones: Object.keys(found.SubnetMapping ?? {}).sort(),
      backupRetentionDays: Type === 'DAYS' && Value ? Number(Value) : null,
      newestBackupAt: await this.#newestBackupAt(clusterId),
    };
  }

  /** CloudHSM lists backups of a cluster newest first when it is asked to. */
  async #newestBackupAt(clusterId: string): Promise<string | null> {
    const command = new DescribeBackupsCommand({
      Filters: { clusterIds: [clusterId], states: ['READY'] },
      SortAscending: false,
      MaxResults: 1,
    });
    const { Backups: [newest] = [] } = await asked(() => this.#hsm.send(command));
    return newest?.CreateTimestamp?.toISOString() ?? null;
  }

  async addHsm(ClusterId: string, AvailabilityZone: string): Promise<void> {
    await asked(() => this.#hsm.send(new CreateHsmCommand({ ClusterId, AvailabilityZone })));
  }

  async deleteHsm(ClusterId: string, HsmId: string): Promise<void> {
    await asked(() => this.#hsm.send(new DeleteHsmCommand({ ClusterId, HsmId })));
  }
}
