// SPDX-License-Identifier: Apache-2.0
// DeleteCluster: only without HSMs; its objects go, a backup stays.
import { takeBackup } from '../../clusters/backups.ts';
import { describeCluster } from '../../clusters/describe.ts';
import { clusterIdText, findCluster, invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { SETTLE_MILLISECONDS } from '../../hsm/cluster-state.ts';
import { exclusive, operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_DeleteCluster.html */
export const deleteCluster = exclusive(
  operation('DeleteCluster', { ClusterId: required(clusterIdText) }, (call, input) => {
    const { store, hsm, material } = call.emulator;
    const cluster = findCluster(call, input.ClusterId);
    if (cluster.hsms.length > 0) {
      throw invalidClusterRequest(`Cluster ${cluster.clusterId} still has HSMs.`);
    }
    if (cluster.state.endsWith('IN_PROGRESS')) {
      throw invalidClusterRequest(`Cluster ${cluster.clusterId} is ${cluster.state}.`);
    }
    const deleted = {
      ...cluster,
      state: 'DELETE_IN_PROGRESS' as const,
      settlesAt: call.now + SETTLE_MILLISECONDS,
    };
    const write = () => store.clusters.put(deleted);
    if (cluster.clusterCertificate === null) write();
    else takeBackup(call.emulator, cluster, call.now, write);
    // Last: a process that dies before leaves a token whose cluster is deleted, which goes at the next start.
    hsm.emptyToken(cluster.clusterId);
    material.forgetCluster();
    return { Cluster: describeCluster(deleted) };
  }),
);
