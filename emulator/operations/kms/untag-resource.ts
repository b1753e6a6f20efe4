// SPDX-License-Identifier: Apache-2.0
// UntagResource: removes tags; names that are not there do not matter.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireNotPendingDeletion } from '../../keys/key-state.ts';
import { list, text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UntagResource.html */
export const untagResource = operation(
  'UntagResource',
  { KeyId: required(keyIdText), TagKeys: required(list(text(1, 128))) },
  (call, input) => {
    const { keys } = call.emulator.store;
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:UntagResource', key, { 'aws:TagKeys': input.TagKeys });
    requireNotPendingDeletion(call, key);
    const present = Object.entries(keys.committed(key.keyId)?.tags ?? {});
    const tags = Object.fromEntries(present.filter(([name]) => !input.TagKeys.includes(name)));
    keys.change(key.keyId, { tags }, call.visibleAt);
    return undefined;
  },
);
