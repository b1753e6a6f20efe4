// SPDX-License-Identifier: Apache-2.0
// GetKeyPolicy: the text as it was put.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireDefaultPolicyName } from '../../keys/policy-name.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html */
export const getKeyPolicy = operation(
  'GetKeyPolicy',
  { KeyId: required(keyIdText), PolicyName: optional(text(1, 128)) },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:GetKeyPolicy', key);
    requireDefaultPolicyName(input.PolicyName);
    return { Policy: key.policy, PolicyName: 'default' };
  },
);
