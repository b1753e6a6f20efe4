// SPDX-License-Identifier: Apache-2.0
// ListGrants: no grants are issued yet, so the list is empty.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { pagingMembers } from '../../keys/paging.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html */
export const listGrants = operation(
  'ListGrants',
  {
    KeyId: required(keyIdText),
    GrantId: optional(text(1, 128)),
    GranteePrincipal: optional(text(1, 256)),
    ...pagingMembers,
  },
  (call, input) => {
    authorizeKey(call, 'kms:ListGrants', findKey(call, input.KeyId));
    return { Grants: [], Truncated: false };
  },
);
