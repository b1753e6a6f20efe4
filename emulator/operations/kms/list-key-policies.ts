// SPDX-License-Identifier: Apache-2.0
// ListKeyPolicies: always the one name.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { pagingMembers } from '../../keys/paging.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyPolicies.html */
export const listKeyPolicies = operation(
  'ListKeyPolicies',
  { KeyId: required(keyIdText), ...pagingMembers },
  (call, input) => {
    authorizeKey(call, 'kms:ListKeyPolicies', findKey(call, input.KeyId));
    return { PolicyNames: ['default'], Truncated: false };
  },
);
