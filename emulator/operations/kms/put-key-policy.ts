// SPDX-License-Identifier: Apache-2.0
// PutKeyPolicy: a well-formed policy that leaves its author able to put the next one.
import { authorizeKey } from '../../authorization/authorize.ts';
import { checkLockout, checkPolicyForm } from '../../authorization/lockout.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireDefaultPolicyName } from '../../keys/policy-name.ts';
import { flag, text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html */
export const putKeyPolicy = operation(
  'PutKeyPolicy',
  {
    KeyId: required(keyIdText),
    PolicyName: optional(text(1, 128)),
    Policy: required(text(1, 131_072, { secret: true })),
    BypassPolicyLockoutSafetyCheck: optional(flag),
  },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    const bypass = input.BypassPolicyLockoutSafetyCheck ?? false;
    authorizeKey(call, 'kms:PutKeyPolicy', key, {
      'kms:BypassPolicyLockoutSafetyCheck': bypass,
    });
    requireDefaultPolicyName(input.PolicyName);
    checkPolicyForm(input.Policy);
    if (!bypass) checkLockout(call, key, input.Policy);
    call.emulator.store.keys.change(key.keyId, { policy: input.Policy }, call.visibleAt);
    return undefined;
  },
);
