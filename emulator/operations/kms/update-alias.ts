// SPDX-License-Identifier: Apache-2.0
// UpdateAlias: moves a name to another key of the same type and usage.
import { authorizeAlias, authorizeKey } from '../../authorization/authorize.ts';
import {
  aliasNameText,
  checkAliasName,
  checkAliasTarget,
  findAlias,
} from '../../keys/alias-request.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireNotPendingDeletion } from '../../keys/key-state.ts';
import { AwsError } from '../../protocol/errors.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import type { KeyRecord } from '../../store/key-row.ts';

function requireSameKind(from: KeyRecord, to: KeyRecord): void {
  const sameType = (from.keySpec === 'SYMMETRIC_DEFAULT') === (to.keySpec === 'SYMMETRIC_DEFAULT');
  if (sameType && from.keyUsage === to.keyUsage) return;
  throw new AwsError(
    'ValidationException',
    'The current and new KMS key must be of the same type and have the same key usage.',
  );
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html */
export const updateAlias = operation(
  'UpdateAlias',
  { AliasName: required(aliasNameText), TargetKeyId: required(keyIdText) },
  (call, input) => {
    checkAliasName(input.AliasName);
    checkAliasTarget(input.TargetKeyId);
    const alias = findAlias(call, input.AliasName);
    const from = findKey(call, alias.keyId);
    const to = findKey(call, input.TargetKeyId);
    const entries = { 'kms:RequestAlias': input.AliasName };
    authorizeAlias(call, 'kms:UpdateAlias', input.AliasName);
    authorizeKey(call, 'kms:UpdateAlias', from, entries);
    authorizeKey(call, 'kms:UpdateAlias', to, entries);
    requireNotPendingDeletion(call, to);
    requireSameKind(from, to);
    call.emulator.store.aliases.put(
      { ...alias, keyId: to.keyId, updatedAt: call.now },
      call.visibleAt,
    );
    return undefined;
  },
);
