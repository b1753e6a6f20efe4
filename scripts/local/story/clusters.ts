// SPDX-License-Identifier: Apache-2.0
// What an operator does with clusters in CloudHSM: takes a backup when one is wanted, and deletes clusters that were left.
import {
  type CloudHSMV2Client,
  type Cluster,
  CreateHsmCommand,
  DeleteClusterCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import { until } from '../waiting.ts';

export async function clusterOf(
  hsm: CloudHSMV2Client,
  clusterId: string,
): Promise<Cluster | undefined> {
  const command = new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } });
  return (await hsm.send(command)).Clusters?.[0];
}

/** CloudHSM takes a backup whenever an HSM is deleted: one is, and is made anew. @returns the backup's id */
export async function backUp(hsm: CloudHSMV2Client, clusterId: string): Promise<string> {
  const Filters = { clusterIds: [clusterId], states: ['READY'] };
  const ready = async () =>
    (await hsm.send(new DescribeBackupsCommand({ Filters }))).Backups?.map(
      ({ BackupId = '' }) => BackupId,
    ) ?? [];
  const before = await ready();
  const [one] = (await clusterOf(hsm, clusterId))?.Hsms ?? [];
  await hsm.send(new DeleteHsmCommand({ ClusterId: clusterId, HsmId: one?.HsmId ?? '' }));
  const AvailabilityZone = one?.AvailabilityZone ?? '';
  await hsm.send(new CreateHsmCommand({ ClusterId: clusterId, AvailabilityZone }));
  return until(async () => (await ready()).find((id) => !before.includes(id)), {
    timeoutSeconds: 60,
    what: 'the backup to be ready',
  });
}

/** Clusters that earlier restores left behind count for CloudHSM's quota; an operator deletes them. */
export async function deleteLeftClusters(hsm: CloudHSMV2Client, kept: string): Promise<void> {
  const { Clusters = [] } = await hsm.send(new DescribeClustersCommand({}));
  for (const { ClusterId: id = '', State, Hsms = [] } of Clusters) {
    if (id === kept || State === 'DELETED' || State === 'DELETE_IN_PROGRESS') continue;
    for (const { HsmId = '' } of Hsms)
      await hsm.send(new DeleteHsmCommand({ ClusterId: id, HsmId }));
    const remove = () => hsm.send(new DeleteClusterCommand({ ClusterId: id }));
    await until(() => remove().catch(() => false), {
      timeoutSeconds: 10,
      what: `${id} to be deleted`,
    });
  }
}
