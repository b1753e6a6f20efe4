// SPDX-License-Identifier: Apache-2.0
// CreateCluster: over subnets, each in a zone of its own; empty, or with the content of a backup.

import { clusterTagList, withClusterTags } from '../../clusters/cluster-tags.ts';
import { describeCluster } from '../../clusters/describe.ts';
import { invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { newIdentifier } from '../../clusters/identifiers.ts';
import { currentCluster, SETTLE_MILLISECONDS } from '../../hsm/cluster-state.ts';
import { AwsError } from '../../protocol/errors.ts';
import { list, oneOf, text } from '../../protocol/members.ts';
import { type Call, exclusive, operation } from '../../protocol/operation.ts';
import { optional, required, structure } from '../../protocol/shape.ts';
import type { ClusterRecord } from '../../store/clusters.ts';
import { backupIdOrArnText } from './backup-request.ts';
import { requireRestorable, restoreToken } from './restored-cluster.ts';

const ZONES = ['a', 'b', 'c'] as const;
const DEFAULT_RETENTION_DAYS = 90;

const retentionPolicy = structure({
  Type: optional(oneOf(['DAYS'])),
  Value: optional(text(1, 3, { pattern: /^[0-9]+$/ })),
});

/** Days to keep backups. @throws AwsError CloudHsmInvalidRequestException outside 7 to 379 */
export function retentionDays(policy: { readonly Value?: string | undefined } | undefined): number {
  const days = Number(policy?.Value ?? DEFAULT_RETENTION_DAYS);
  if (days >= 7 && days <= 379) return days;
  throw invalidClusterRequest('The backup retention period must be 7 to 379 days.');
}

/** The i-th subnet lies in the i-th zone: nothing is known of the subnets but their ids. */
function mapSubnets(region: string, subnetIds: readonly string[]): Record<string, string> {
  if (new Set(subnetIds).size !== subnetIds.length) {
    throw invalidClusterRequest('SubnetIds must be distinct.');
  }
  if (subnetIds.length > ZONES.length) {
    throw invalidClusterRequest('Subnets must be in different Availability Zones.');
  }
  return Object.fromEntries(subnetIds.map((id, index) => [`${region}${ZONES[index]}`, id]));
}

/** @throws AwsError CloudHsmResourceLimitExceededException */
function requireQuota(call: Call): void {
  const { quotas, store, clock } = call.emulator;
  const present = store.clusters
    .all()
    .filter(({ clusterId }) => currentCluster(store, clock, clusterId)?.state !== 'DELETED');
  if (present.length < quotas.clusters) return;
  throw new AwsError(
    'CloudHsmResourceLimitExceededException',
    `The quota of ${quotas.clusters} clusters is reached.`,
  );
}

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_CreateCluster.html */
export const createCluster = exclusive(
  operation(
    'CreateCluster',
    {
      BackupRetentionPolicy: optional(retentionPolicy),
      HsmType: required(oneOf(['hsm1.medium', 'hsm2m.medium'])),
      SourceBackupId: optional(backupIdOrArnText),
      SubnetIds: required(list(text(1, 64, { pattern: /^subnet-[0-9a-fA-F]{8,17}$/ }), 1, 10)),
      NetworkType: optional(oneOf(['IPV4', 'DUALSTACK'])),
      TagList: optional(clusterTagList),
      Mode: optional(oneOf(['FIPS', 'NON_FIPS'])),
    },
    (call, input) => {
      requireQuota(call);
      const backup =
        input.SourceBackupId === undefined
          ? undefined
          : requireRestorable(call, input.SourceBackupId, input);
      const clusterId = newIdentifier('cluster');
      const cluster: ClusterRecord = {
        clusterId,
        createdAt: call.now,
        hsmType: input.HsmType,
        mode: backup?.mode ?? input.Mode ?? 'FIPS',
        retentionDays: retentionDays(input.BackupRetentionPolicy),
        subnetMapping: mapSubnets(call.emulator.place.region, input.SubnetIds),
        vpcId: 'vpc-00000000000000000',
        securityGroup: 'sg-00000000000000000',
        sourceBackupId: backup?.backupId ?? null,
        state: 'CREATE_IN_PROGRESS',
        settlesAt: call.now + SETTLE_MILLISECONDS,
        hsms: [],
        csr: null,
        hsmCertificate: null,
        clusterCertificate: null,
        trustAnchor: null,
        kmsUserDigest: null,
        kmsUserFailures: 0,
        kmsUserLoggedIn: false,
        connectionFault: null,
        historyId: clusterId,
        awaitsActivation: call.emulator.explicitHsmAdmin,
        ...backup?.content,
        tags: withClusterTags({}, input.TagList ?? []),
      };
      if (backup !== undefined) restoreToken(call, backup, clusterId);
      call.emulator.store.clusters.put(cluster);
      return { Cluster: describeCluster(cluster) };
    },
  ),
);
