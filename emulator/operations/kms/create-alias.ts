// SPDX-License-Identifier: Apache-2.0
// CreateAlias: a new name for a key that is not on its way out.
import { authorizeAlias, authorizeKey } from '../../authorization/authorize.ts';
import {
  ALIASES_PER_KEY,
  aliasNameText,
  checkAliasName,
  checkAliasTarget,
} from '../../keys/alias-request.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireNotPendingDeletion } from '../../keys/key-state.ts';
import { AwsError } from '../../protocol/errors.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { aliasArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html */
export const createAlias = operation(
  'CreateAlias',
  { AliasName: required(aliasNameText), TargetKeyId: required(keyIdText) },
  (call, input) => {
    checkAliasName(input.AliasName);
    checkAliasTarget(input.TargetKeyId);
    const key = findKey(call, input.TargetKeyId);
    authorizeAlias(call, 'kms:CreateAlias', input.AliasName);
    authorizeKey(call, 'kms:CreateAlias', key, { 'kms:RequestAlias': input.AliasName });
    requireNotPendingDeletion(call, key);
    const { aliases } = call.emulator.store;
    const arn = aliasArn(call.emulator.place, input.AliasName);
    if (aliases.committed(input.AliasName) !== undefined) {
      throw new AwsError('AlreadyExistsException', `An alias with the name ${arn} already exists`);
    }
    if (aliases.namesOf(key.keyId).length >= ALIASES_PER_KEY) {
      throw new AwsError('LimitExceededException', 'The key has the maximum number of aliases.');
    }
    aliases.put(
      { name: input.AliasName, keyId: key.keyId, createdAt: call.now, updatedAt: call.now },
      call.visibleAt,
    );
    return undefined;
  },
);
