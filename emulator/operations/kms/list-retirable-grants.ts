// SPDX-License-Identifier: Apache-2.0
// ListRetirableGrants: the grants that name this principal as the one who may retire them.
import { authorizeAccount } from '../../authorization/authorize.ts';
import {
  grantEntry,
  principalText,
  requirePrincipalArn,
  servicePrincipalText,
} from '../../keys/grant-request.ts';
import { page, pagingMembers } from '../../keys/paging.ts';
import { AwsError } from '../../protocol/errors.ts';
import { operation } from '../../protocol/operation.ts';
import { optional } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListRetirableGrants.html */
export const listRetirableGrants = operation(
  'ListRetirableGrants',
  {
    RetiringPrincipal: optional(principalText),
    RetiringServicePrincipal: optional(servicePrincipalText),
    ...pagingMembers,
  },
  (call, input) => {
    authorizeAccount(call, 'kms:ListRetirableGrants');
    const { RetiringPrincipal, RetiringServicePrincipal } = input;
    const principal = RetiringPrincipal ?? RetiringServicePrincipal;
    if (principal === undefined || (RetiringPrincipal && RetiringServicePrincipal)) {
      throw new AwsError(
        'ValidationException',
        'Specify either RetiringPrincipal or RetiringServicePrincipal.',
      );
    }
    if (RetiringPrincipal !== undefined) requirePrincipalArn(RetiringPrincipal);
    const found = call.emulator.store.grants.retirableBy(principal);
    const { items, more } = page(found, ({ grantId }) => grantId, input, 50);
    return { Grants: items.map((grant) => grantEntry(call, grant)), ...more };
  },
);
