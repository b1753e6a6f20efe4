// SPDX-License-Identifier: Apache-2.0
// GetKeyRotationStatus: keys of custom key stores answer false, they cannot rotate.
import { authorizeKey } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireRotatable } from '../../keys/rotation.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

const DAY_MILLISECONDS = 86_400_000;

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html */
export const getKeyRotationStatus = operation(
  'GetKeyRotationStatus',
  { KeyId: required(keyIdText) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:GetKeyRotationStatus', key);
    const arn = keyArn(call.emulator.place, key.keyId);
    if (key.origin === 'AWS_CLOUDHSM') return { KeyId: arn, KeyRotationEnabled: false };
    requireRotatable(call, key);
    if (key.rotationPeriodDays === null || key.state === 'PendingDeletion') {
      return { KeyId: arn, KeyRotationEnabled: false };
    }
    const next = key.createdAt + key.rotationPeriodDays * DAY_MILLISECONDS;
    return {
      KeyId: arn,
      KeyRotationEnabled: true,
      RotationPeriodInDays: key.rotationPeriodDays,
      NextRotationDate: epochSeconds(next),
    };
  },
);
