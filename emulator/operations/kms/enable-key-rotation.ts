// SPDX-License-Identifier: Apache-2.0
// EnableKeyRotation: new material every so many days, beginning now.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireEnabled } from '../../keys/key-state.ts';
import { nextRotation } from '../../keys/material-rotation.ts';
import { requireRotatable } from '../../keys/rotation.ts';
import { integer } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';

const DEFAULT_DAYS = 365;

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html */
export const enableKeyRotation = operation(
  'EnableKeyRotation',
  { KeyId: required(keyIdText), RotationPeriodInDays: optional(integer(90, 2560)) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    const days = input.RotationPeriodInDays ?? DEFAULT_DAYS;
    authorizeKey(call, 'kms:EnableKeyRotation', key, { 'kms:RotationPeriodInDays': days });
    requireRotatable(call, key);
    requireEnabled(call, key);
    const nextAt = nextRotation(call.emulator, key, days, call.now);
    call.emulator.store.materials.setPlan(key.keyId, { nextAt });
    call.emulator.store.keys.change(key.keyId, { rotationPeriodDays: days }, call.visibleAt);
    return undefined;
  },
);
