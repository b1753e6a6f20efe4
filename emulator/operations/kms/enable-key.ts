// SPDX-License-Identifier: Apache-2.0
// EnableKey: cryptography again; management works in a disconnected store too.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import {
  requireMaterial,
  requireNotPendingDeletion,
  requireSettled,
} from '../../keys/key-state.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html */
export const enableKey = operation('EnableKey', { KeyId: required(keyIdText) }, (call, input) => {
  const key = findKey(call, input.KeyId);
  authorizeKey(call, 'kms:EnableKey', key);
  requireNotPendingDeletion(call, key);
  requireMaterial(call, key);
  requireSettled(call, key);
  const { keys, materials } = call.emulator.store;
  const nextAt = materials.plan(key.keyId)?.nextAt ?? null;
  // Rotation paused while the key was disabled: what was missed happens now.
  if (nextAt !== null && nextAt < call.now) materials.setPlan(key.keyId, { nextAt: call.now });
  keys.change(key.keyId, { state: 'Enabled' }, call.visibleAt);
  return undefined;
});
