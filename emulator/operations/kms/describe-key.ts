// SPDX-License-Identifier: Apache-2.0
// DescribeKey: metadata of a key by any of its names.
import { authorizeKey } from '../../authorization/authorize.ts';
import { commonMembers, keyIdText } from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { keyMetadata } from '../../keys/key-metadata.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html */
export const describeKey = operation(
  'DescribeKey',
  { KeyId: required(keyIdText), GrantTokens: commonMembers.GrantTokens },
  (call, input) => {
    const { key, alias } = findKeyOrAlias(call, input.KeyId);
    authorizeKey(call, 'kms:DescribeKey', key, { 'kms:RequestAlias': alias });
    return { KeyMetadata: keyMetadata(call.emulator, key) };
  },
);
