// SPDX-License-Identifier: Apache-2.0
// ListTags of CloudHSM: clusters and backups.
import { tagListOf } from '../../clusters/describe.ts';
import { taggedResource } from '../../clusters/tagged-resource.ts';
import { integer, text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_ListTags.html */
export const listTags = operation(
  'ListTags',
  {
    ResourceId: required(text(1, 64)),
    NextToken: optional(text(0, 256)),
    MaxResults: optional(integer(1, 100)),
  },
  (call, input) => ({ TagList: tagListOf(taggedResource(call, input.ResourceId).tags) }),
);
