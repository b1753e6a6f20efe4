// SPDX-License-Identifier: Apache-2.0
// ListResourceTags: tags of a key in name order.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { page, pagingMembers } from '../../keys/paging.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html */
export const listResourceTags = operation(
  'ListResourceTags',
  { KeyId: required(keyIdText), ...pagingMembers },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:ListResourceTags', key);
    const tags = Object.entries(key.tags)
      .map(([TagKey, TagValue]) => ({ TagKey, TagValue }))
      .sort((left, right) => (left.TagKey < right.TagKey ? -1 : 1));
    const { items, more } = page(tags, ({ TagKey }) => TagKey, input, 50);
    return { Tags: items, ...more };
  },
);
