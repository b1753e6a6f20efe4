// SPDX-License-Identifier: Apache-2.0
// GetKeyLastUsage: the last successful cryptographic operation; an empty object when there was none.
import { authorizeKey } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html */
export const getKeyLastUsage = operation(
  'GetKeyLastUsage',
  { KeyId: required(keyIdText) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:GetKeyLastUsage', key);
    const use = call.emulator.store.usage.last(key.keyId);
    const created = epochSeconds(key.createdAt);
    return {
      KeyId: keyArn(call.emulator.place, key.keyId),
      KeyLastUsage:
        use === undefined
          ? {}
          : {
              Operation: use.operation,
              Timestamp: epochSeconds(use.at),
              KmsRequestId: use.requestId,
            },
      TrackingStartDate: created,
      KeyCreationDate: created,
    };
  },
);
