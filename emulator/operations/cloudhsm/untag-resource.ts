// SPDX-License-Identifier: Apache-2.0
// UntagResource of CloudHSM: clusters and backups.
import { taggedResource } from '../../clusters/tagged-resource.ts';
import { list, text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_UntagResource.html */
export const untagResource = operation(
  'UntagResource',
  { ResourceId: required(text(1, 64)), TagKeyList: required(list(text(1, 128), 1, 50)) },
  (call, input) => {
    const { tags, setTags } = taggedResource(call, input.ResourceId);
    const kept = Object.entries(tags).filter(([name]) => !input.TagKeyList.includes(name));
    setTags(Object.fromEntries(kept));
    return {};
  },
);
