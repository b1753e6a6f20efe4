// SPDX-License-Identifier: Apache-2.0
// DisableKeyRotation.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireEnabled } from '../../keys/key-state.ts';
import { requireRotatable } from '../../keys/rotation.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKeyRotation.html */
export const disableKeyRotation = operation(
  'DisableKeyRotation',
  { KeyId: required(keyIdText) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:DisableKeyRotation', key);
    requireRotatable(call, key);
    requireEnabled(call, key);
    call.emulator.store.materials.setPlan(key.keyId, { nextAt: null });
    call.emulator.store.keys.change(key.keyId, { rotationPeriodDays: null }, call.visibleAt);
    return undefined;
  },
);
