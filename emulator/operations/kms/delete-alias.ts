// SPDX-License-Identifier: Apache-2.0
// DeleteAlias: the key behind it stays.
import { authorizeAlias, authorizeKey } from '../../authorization/authorize.ts';
import { aliasNameText, checkAliasName, findAlias } from '../../keys/alias-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteAlias.html */
export const deleteAlias = operation(
  'DeleteAlias',
  { AliasName: required(aliasNameText) },
  (call, input) => {
    checkAliasName(input.AliasName);
    const alias = findAlias(call, input.AliasName);
    const key = findKey(call, alias.keyId);
    authorizeAlias(call, 'kms:DeleteAlias', input.AliasName);
    authorizeKey(call, 'kms:DeleteAlias', key, { 'kms:RequestAlias': input.AliasName });
    call.emulator.store.aliases.remove(input.AliasName, call.visibleAt);
    return undefined;
  },
);
