// SPDX-License-Identifier: Apache-2.0
// CancelKeyDeletion: the key comes back Disabled.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { invalidState } from '../../keys/key-state.ts';
import { setPendingWindow } from '../../keys/multi-region.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html */
export const cancelKeyDeletion = operation(
  'CancelKeyDeletion',
  { KeyId: required(keyIdText) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:CancelKeyDeletion', key);
    if (key.state !== 'PendingDeletion') throw invalidState(call, key, 'not pending deletion');
    setPendingWindow(call.emulator, key.keyId, null);
    call.emulator.store.keys.change(
      key.keyId,
      { state: 'Disabled', deletionAt: null },
      call.visibleAt,
    );
    return { KeyId: keyArn(call.emulator.place, key.keyId) };
  },
);
