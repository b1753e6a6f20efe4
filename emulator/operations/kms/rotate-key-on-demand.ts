// SPDX-License-Identifier: Apache-2.0
// RotateKeyOnDemand: begins a rotation; the new material is current a moment later.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireEnabled, requireSettled } from '../../keys/key-state.ts';
import { ON_DEMAND_LIMIT, pendingMaterial } from '../../keys/material-rotation.ts';
import { requireOwnRotation } from '../../keys/multi-region.ts';
import { requireRotatableOnDemand } from '../../keys/rotation.ts';
import { awaitsReplicas } from '../../keys/shared-material.ts';
import { AwsError } from '../../protocol/errors.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html */
export const rotateKeyOnDemand = operation(
  'RotateKeyOnDemand',
  { KeyId: required(keyIdText) },
  (call, input) => {
    const { emulator } = call;
    const key = findKey(call, input.KeyId);
    const arn = keyArn(emulator.place, key.keyId);
    authorizeKey(call, 'kms:RotateKeyOnDemand', key);
    requireEnabled(call, key);
    requireRotatableOnDemand(call, key);
    requireOwnRotation(call, key);
    requireSettled(call, key);
    const { materials } = emulator.store;
    const plan = materials.plan(key.keyId);
    if (plan !== undefined && plan.startedAt !== null) {
      throw new AwsError('ConflictException', `A rotation of ${arn} is already in progress.`);
    }
    if ((plan?.onDemandCount ?? 0) >= ON_DEMAND_LIMIT) {
      throw new AwsError(
        'LimitExceededException',
        'The on-demand rotations limit has been reached for the given keyId. ' +
          `No more on-demand rotations can be performed for this key: ${arn}`,
      );
    }
    const pending = pendingMaterial(emulator, key);
    const isReady = pending !== undefined && !awaitsReplicas(emulator, pending);
    if (key.origin === 'EXTERNAL' && !isReady) {
      throw new AwsError(
        'KMSInvalidStateException',
        `No available key material pending rotation for the key: ${arn}.`,
      );
    }
    const onDemandCount = (plan?.onDemandCount ?? 0) + 1;
    materials.setPlan(key.keyId, { startedAt: call.now, onDemandCount });
    return { KeyId: arn };
  },
);
