// SPDX-License-Identifier: Apache-2.0
// GetPublicKey: SubjectPublicKeyInfo of an asymmetric key.
import { authorizeKey } from '../../authorization/authorize.ts';
import { commonMembers, keyIdText } from '../../keys/crypto-request.ts';
import { findKeyOrAlias } from '../../keys/find-key.ts';
import { algorithmMembers } from '../../keys/key-specs.ts';
import { requireEnabled } from '../../keys/key-state.ts';
import { AwsError } from '../../protocol/errors.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html */
export const getPublicKey = operation(
  'GetPublicKey',
  { KeyId: required(keyIdText), GrantTokens: commonMembers.GrantTokens },
  (call, input) => {
    const { key, alias } = findKeyOrAlias(call, input.KeyId);
    const arn = keyArn(call.emulator.place, key.keyId);
    authorizeKey(call, 'kms:GetPublicKey', key, { 'kms:RequestAlias': alias });
    requireEnabled(call, key);
    if (key.publicKey === null) {
      throw new AwsError(
        'UnsupportedOperationException',
        `${arn} key spec is ${key.keySpec} which is not valid for GetPublicKey.`,
      );
    }
    return {
      KeyId: arn,
      PublicKey: key.publicKey.toString('base64'),
      CustomerMasterKeySpec: key.keySpec,
      KeySpec: key.keySpec,
      KeyUsage: key.keyUsage,
      ...algorithmMembers(key),
    };
  },
);
