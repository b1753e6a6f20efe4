// SPDX-License-Identifier: Apache-2.0
// DisableKey: stops every cryptographic operation, decryption included.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import {
  requireMaterial,
  requireNotPendingDeletion,
  requireSettled,
} from '../../keys/key-state.ts';
import { unusedDays } from '../../keys/last-use.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html */
export const disableKey = operation('DisableKey', { KeyId: required(keyIdText) }, (call, input) => {
  const key = findKey(call, input.KeyId);
  authorizeKey(call, 'kms:DisableKey', key, unusedDays(call, key));
  requireNotPendingDeletion(call, key);
  requireMaterial(call, key);
  requireSettled(call, key);
  call.emulator.store.keys.change(key.keyId, { state: 'Disabled' }, call.visibleAt);
  return undefined;
});
