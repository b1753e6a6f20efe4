// SPDX-License-Identifier: Apache-2.0
// Clusters by id, with their state now, and CloudHSM's refusals about them.
import { currentCluster } from '../hsm/cluster-state.ts';
import { AwsError } from '../protocol/errors.ts';
import { text } from '../protocol/members.ts';
import type { Call } from '../protocol/operation.ts';
import type { ClusterRecord } from '../store/clusters.ts';

/** A cluster id as requests carry it. */
export const clusterIdText = text(1, 64, {
  pattern: /^cluster-[2-7a-zA-Z]{11,16}$/,
  patternShown: 'cluster-[2-7a-zA-Z]{11,16}',
});

/** @throws AwsError CloudHsmResourceNotFoundException */
export function findCluster(call: Call, clusterId: string): ClusterRecord {
  const { store, clock } = call.emulator;
  const cluster = currentCluster(store, clock, clusterId);
  if (cluster !== undefined && cluster.state !== 'DELETED') return cluster;
  throw new AwsError('CloudHsmResourceNotFoundException', `Cluster ${clusterId} does not exist.`);
}

/** A request that the cluster's state or shape does not allow. */
export function invalidClusterRequest(message: string): AwsError {
  return new AwsError('CloudHsmInvalidRequestException', message);
}
