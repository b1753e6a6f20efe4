// SPDX-License-Identifier: Apache-2.0
// ListAliases: in name order, of the account or of one key.
import { isForeign } from '../../authorization/accounts.ts';
import { authorizeAccount } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { page, pagingMembers } from '../../keys/paging.ts';
import { operation } from '../../protocol/operation.ts';
import { optional } from '../../protocol/shape.ts';
import { aliasArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html */
export const listAliases = operation(
  'ListAliases',
  { KeyId: optional(keyIdText), ...pagingMembers },
  (call, input) => {
    authorizeAccount(call, 'kms:ListAliases');
    const { store, place } = call.emulator;
    const keyId = input.KeyId === undefined ? undefined : findKey(call, input.KeyId).keyId;
    const found = isForeign(call) ? [] : store.aliases.all(keyId);
    const { items, more } = page(found, ({ name }) => name, input, 50);
    return {
      Aliases: items.map((alias) => ({
        AliasName: alias.name,
        AliasArn: aliasArn(place, alias.name),
        TargetKeyId: alias.keyId,
        CreationDate: epochSeconds(alias.createdAt),
        LastUpdatedDate: epochSeconds(alias.updatedAt),
      })),
      ...more,
    };
  },
);
