// SPDX-License-Identifier: Apache-2.0
// Clusters, HSMs and backups as CloudHSM v2 shows them.
import { epochSeconds } from '../clock.ts';
import type { Place } from '../settings.ts';
import type { BackupRecord } from '../store/backups.ts';
import type { ClusterRecord, HsmRecord } from '../store/clusters.ts';

/** Tags as CloudHSM lists them. */
export function tagListOf(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** One HSM. */
export function describeHsm(cluster: ClusterRecord, hsm: HsmRecord) {
  return {
    HsmId: hsm.hsmId,
    ClusterId: cluster.clusterId,
    AvailabilityZone: hsm.availabilityZone,
    SubnetId: hsm.subnetId,
    EniId: `eni-${hsm.hsmId.slice('hsm-'.length)}`,
    EniIp: hsm.ipAddress,
    HsmType: cluster.hsmType,
    State: hsm.state,
  };
}

function certificates(cluster: ClusterRecord) {
  const hasHsm = cluster.hsms.some(({ state }) => state === 'ACTIVE');
  return {
    ...(cluster.csr !== null && hasHsm && cluster.state === 'UNINITIALIZED'
      ? { ClusterCsr: cluster.csr }
      : {}),
    ...(cluster.hsmCertificate !== null && hasHsm
      ? { HsmCertificate: cluster.hsmCertificate }
      : {}),
    ...(cluster.clusterCertificate === null
      ? {}
      : { ClusterCertificate: cluster.clusterCertificate }),
  };
}

/** One cluster with its HSMs. */
export function describeCluster(cluster: ClusterRecord) {
  return {
    ClusterId: cluster.clusterId,
    BackupPolicy: 'DEFAULT',
    BackupRetentionPolicy: { Type: 'DAYS', Value: String(cluster.retentionDays) },
    CreateTimestamp: epochSeconds(cluster.createdAt),
    Hsms: cluster.hsms.map((hsm) => describeHsm(cluster, hsm)),
    HsmType: cluster.hsmType,
    Mode: cluster.mode,
    NetworkType: 'IPV4',
    SecurityGroup: cluster.securityGroup,
    ...(cluster.sourceBackupId === null ? {} : { SourceBackupId: cluster.sourceBackupId }),
    State: cluster.state,
    SubnetMapping: cluster.subnetMapping,
    VpcId: cluster.vpcId,
    Certificates: certificates(cluster),
    TagList: tagListOf(cluster.tags),
  };
}

/** One backup. */
export function describeBackup({ account }: Place, backup: BackupRecord) {
  const { backupId, copiedAt, source, deleteAt } = backup;
  return {
    BackupId: backupId,
    BackupArn: `arn:aws:cloudhsm:${backup.region}:${account}:backup/${backupId}`,
    BackupState: backup.state,
    ClusterId: backup.clusterId,
    CreateTimestamp: epochSeconds(backup.createdAt),
    ...(copiedAt === null ? {} : { CopyTimestamp: epochSeconds(copiedAt) }),
    NeverExpires: backup.neverExpires,
    ...(source === null
      ? {}
      : {
          SourceRegion: source.region,
          SourceBackup: source.backupId,
          SourceCluster: backup.clusterId,
        }),
    ...(deleteAt === null ? {} : { DeleteTimestamp: epochSeconds(deleteAt) }),
    HsmType: backup.hsmType,
    Mode: backup.mode,
    TagList: tagListOf(backup.tags),
  };
}
