// SPDX-License-Identifier: Apache-2.0
// UntagResource of CloudHSM: clusters.
import { findCluster } from '../../clusters/find-cluster.ts';
import { list, text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_UntagResource.html */
export const untagResource = operation(
  'UntagResource',
  { ResourceId: required(text(1, 64)), TagKeyList: required(list(text(1, 128), 1, 50)) },
  (call, input) => {
    const cluster = findCluster(call, input.ResourceId);
    const kept = Object.entries(cluster.tags).filter(([name]) => !input.TagKeyList.includes(name));
    call.emulator.store.clusters.put({ ...cluster, tags: Object.fromEntries(kept) });
    return {};
  },
);
