// SPDX-License-Identifier: Apache-2.0
// DescribeClusters: clusters with their HSMs and certificates, filtered by id, VPC or state.
import { describeCluster } from '../../clusters/describe.ts';
import { clusterFilters, filterPage } from '../../clusters/filters.ts';
import { currentCluster } from '../../hsm/cluster-state.ts';
import { operation } from '../../protocol/operation.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_DescribeClusters.html */
export const describeClusters = operation('DescribeClusters', clusterFilters, (call, input) => {
  const { store, clock } = call.emulator;
  const clusters = store.clusters
    .all()
    .flatMap(({ clusterId }) => currentCluster(store, clock, clusterId) ?? []);
  const { items, more } = filterPage(
    clusters,
    input,
    {
      clusterIds: ({ clusterId }) => clusterId,
      vpcIds: ({ vpcId }) => vpcId,
      states: ({ state }) => state,
    },
    ({ clusterId }) => clusterId,
  );
  return { Clusters: items.map(describeCluster), ...more };
});
