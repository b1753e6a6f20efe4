// SPDX-License-Identifier: Apache-2.0
// TagResource of CloudHSM: clusters and backups.
import { clusterTagList, withClusterTags } from '../../clusters/cluster-tags.ts';
import { taggedResource } from '../../clusters/tagged-resource.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_TagResource.html */
export const tagResource = operation(
  'TagResource',
  { ResourceId: required(text(1, 64)), TagList: required(clusterTagList) },
  (call, input) => {
    const { tags, setTags } = taggedResource(call, input.ResourceId);
    setTags(withClusterTags(tags, input.TagList));
    return {};
  },
);
