// SPDX-License-Identifier: Apache-2.0
// GetKeyRotationStatus: keys of custom key stores and imported ones answer false: nothing rotates them by itself.
import { authorizeKey } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireRotatableOnDemand } from '../../keys/rotation.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html */
export const getKeyRotationStatus = operation(
  'GetKeyRotationStatus',
  { KeyId: required(keyIdText) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:GetKeyRotationStatus', key);
    const KeyId = keyArn(call.emulator.place, key.keyId);
    if (key.origin === 'AWS_CLOUDHSM') return { KeyId, KeyRotationEnabled: false };
    requireRotatableOnDemand(call, key);
    const plan = call.emulator.store.materials.plan(key.keyId);
    const started = plan?.startedAt ?? null;
    const onDemand = started === null ? {} : { OnDemandRotationStartDate: epochSeconds(started) };
    if (key.rotationPeriodDays === null || key.state === 'PendingDeletion') {
      return { KeyId, KeyRotationEnabled: false, ...onDemand };
    }
    const nextAt = plan?.nextAt ?? null;
    return {
      KeyId,
      KeyRotationEnabled: true,
      RotationPeriodInDays: key.rotationPeriodDays,
      ...(nextAt === null ? {} : { NextRotationDate: epochSeconds(nextAt) }),
      ...onDemand,
    };
  },
);
