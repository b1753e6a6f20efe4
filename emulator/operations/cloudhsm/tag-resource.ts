// SPDX-License-Identifier: Apache-2.0
// TagResource of CloudHSM: clusters.
import { clusterTagList, withClusterTags } from '../../clusters/cluster-tags.ts';
import { findCluster } from '../../clusters/find-cluster.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_TagResource.html */
export const tagResource = operation(
  'TagResource',
  { ResourceId: required(text(1, 64)), TagList: required(clusterTagList) },
  (call, input) => {
    const cluster = findCluster(call, input.ResourceId);
    const tags = withClusterTags(cluster.tags, input.TagList);
    call.emulator.store.clusters.put({ ...cluster, tags });
    return {};
  },
);
