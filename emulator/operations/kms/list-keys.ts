// SPDX-License-Identifier: Apache-2.0
// ListKeys: ids and ARNs, in id order.
import { isForeign } from '../../authorization/accounts.ts';
import { authorizeAccount } from '../../authorization/authorize.ts';
import { afterMarker, markerOf, pagingMembers } from '../../keys/paging.ts';
import { list, oneOf } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

const members = {
  ...pagingMembers,
  ResourceOwners: optional(list(oneOf(['SELF', 'OTHER_ACCOUNTS_VIA_RAM']), 1, 2)),
};

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html */
export const listKeys = operation('ListKeys', members, (call, input) => {
  authorizeAccount(call, 'kms:ListKeys');
  const { store, place } = call.emulator;
  const limit = input.Limit ?? 100;
  // Nobody shares keys with this account: there are only its own.
  const isWithoutOwn = input.ResourceOwners?.includes('SELF') === false;
  const isNone = isForeign(call) || isWithoutOwn;
  const found = isNone ? [] : store.keys.page(afterMarker(input.Marker), limit + 1);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const truncated = found.length > limit && last !== undefined;
  return {
    Keys: shown
      .filter(({ keyId }) => store.keys.isVisible(keyId))
      .map(({ keyId }) => ({ KeyId: keyId, KeyArn: keyArn(place, keyId) })),
    Truncated: truncated,
    ...(truncated ? { NextMarker: markerOf(last.keyId) } : {}),
  };
});
