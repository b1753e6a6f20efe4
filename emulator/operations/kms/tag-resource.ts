// SPDX-License-Identifier: Apache-2.0
// TagResource: adds and overwrites tags of a key.
import { authorizeKey } from '../../authorization/authorize.ts';
import { requestTagEntries } from '../../authorization/request-context.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireNotPendingDeletion } from '../../keys/key-state.ts';
import { tagList, withTags } from '../../keys/tags.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html */
export const tagResource = operation(
  'TagResource',
  { KeyId: required(keyIdText), Tags: required(tagList) },
  (call, input) => {
    const { keys } = call.emulator.store;
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:TagResource', key, requestTagEntries(input.Tags));
    requireNotPendingDeletion(call, key);
    const present = keys.committed(key.keyId)?.tags ?? {};
    keys.change(key.keyId, { tags: withTags(present, input.Tags) }, call.visibleAt);
    return undefined;
  },
);
