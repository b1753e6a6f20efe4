// SPDX-License-Identifier: Apache-2.0
// ListGrants: the grants of a key, of one id or of one grantee.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import {
  fromService,
  grantEntry,
  grantIdText,
  principalText,
  servicePrincipalText,
} from '../../keys/grant-request.ts';
import { page, pagingMembers } from '../../keys/paging.ts';
import { AwsError } from '../../protocol/errors.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html */
export const listGrants = operation(
  'ListGrants',
  {
    KeyId: required(keyIdText),
    GrantId: optional(grantIdText),
    GranteePrincipal: optional(principalText),
    GranteeServicePrincipal: optional(servicePrincipalText),
    ...pagingMembers,
  },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:ListGrants', key, fromService(call));
    const { GrantId: grantId, GranteePrincipal, GranteeServicePrincipal } = input;
    if (GranteePrincipal !== undefined && GranteeServicePrincipal !== undefined) {
      throw new AwsError(
        'ValidationException',
        'Specify either GranteePrincipal or GranteeServicePrincipal, not both.',
      );
    }
    const grantee = GranteePrincipal ?? GranteeServicePrincipal;
    const found = call.emulator.store.grants
      .ofKey(key.keyId)
      .filter((grant) => grantId === undefined || grant.grantId === grantId)
      .filter((grant) => grantee === undefined || grant.grantee === grantee);
    if (grantId !== undefined && found.length === 0) {
      throw new AwsError('InvalidGrantIdException', `Grant ID ${grantId} not found`);
    }
    const { items, more } = page(found, (grant) => grant.grantId, input, 50);
    return { Grants: items.map((grant) => grantEntry(call, grant)), ...more };
  },
);
