// SPDX-License-Identifier: Apache-2.0
// UpdateKeyDescription.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireNotPendingDeletion } from '../../keys/key-state.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateKeyDescription.html */
export const updateKeyDescription = operation(
  'UpdateKeyDescription',
  { KeyId: required(keyIdText), Description: required(text(0, 8192)) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:UpdateKeyDescription', key);
    requireNotPendingDeletion(call, key);
    call.emulator.store.keys.change(key.keyId, { description: input.Description }, call.visibleAt);
    return undefined;
  },
);
