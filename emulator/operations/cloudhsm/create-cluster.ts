// SPDX-License-Identifier: Apache-2.0
// CreateCluster: an empty cluster over subnets, each in a zone of its own.

import { clusterTagList, withClusterTags } from '../../clusters/cluster-tags.ts';
import { describeCluster } from '../../clusters/describe.ts';
import { invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { newIdentifier } from '../../clusters/identifiers.ts';
import { SETTLE_MILLISECONDS } from '../../hsm/cluster-state.ts';
import { list, oneOf, text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required, structure } from '../../protocol/shape.ts';

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

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_CreateCluster.html */
export const createCluster = operation(
  'CreateCluster',
  {
    BackupRetentionPolicy: optional(retentionPolicy),
    HsmType: required(oneOf(['hsm1.medium', 'hsm2m.medium'])),
    SourceBackupId: optional(text(1, 64)),
    SubnetIds: required(list(text(1, 64, { pattern: /^subnet-[0-9a-fA-F]{8,17}$/ }), 1, 10)),
    NetworkType: optional(oneOf(['IPV4', 'DUALSTACK'])),
    TagList: optional(clusterTagList),
    Mode: optional(oneOf(['FIPS', 'NON_FIPS'])),
  },
  (call, input) => {
    if (input.SourceBackupId !== undefined) {
      throw invalidClusterRequest('Creating a cluster from a backup is not supported.');
    }
    const cluster = {
      clusterId: newIdentifier('cluster'),
      createdAt: call.now,
      hsmType: input.HsmType,
      mode: input.Mode ?? 'FIPS',
      retentionDays: retentionDays(input.BackupRetentionPolicy),
      subnetMapping: mapSubnets(call.emulator.place.region, input.SubnetIds),
      vpcId: 'vpc-00000000000000000',
      securityGroup: 'sg-00000000000000000',
      sourceBackupId: null,
      state: 'CREATE_IN_PROGRESS' as const,
      settlesAt: call.now + SETTLE_MILLISECONDS,
      hsms: [],
      csr: null,
      hsmCertificate: null,
      clusterCertificate: null,
      trustAnchor: null,
      kmsUserDigest: null,
      tags: withClusterTags({}, input.TagList ?? []),
    };
    call.emulator.store.clusters.put(cluster);
    return { Cluster: describeCluster(cluster) };
  },
);
