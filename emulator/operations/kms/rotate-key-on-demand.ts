// SPDX-License-Identifier: Apache-2.0
// RotateKeyOnDemand: refused, on custom-store keys as AWS does and on others because it is not built yet.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireEnabled } from '../../keys/key-state.ts';
import { requireRotatable } from '../../keys/rotation.ts';
import { AwsError } from '../../protocol/errors.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html */
export const rotateKeyOnDemand = operation(
  'RotateKeyOnDemand',
  { KeyId: required(keyIdText) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:RotateKeyOnDemand', key);
    requireRotatable(call, key);
    requireEnabled(call, key);
    throw new AwsError('UnsupportedOperationException', 'RotateKeyOnDemand is not supported.');
  },
);
