// SPDX-License-Identifier: Apache-2.0
// RevokeGrant: whoever may manage the key takes a grant back.
import { authorizeKey } from '../../authorization/authorize.ts';
import { commonMembers, endDryRun, keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { fromService, grantIdText } from '../../keys/grant-request.ts';
import { AwsError } from '../../protocol/errors.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_RevokeGrant.html */
export const revokeGrant = operation(
  'RevokeGrant',
  {
    KeyId: required(keyIdText),
    GrantId: required(grantIdText),
    DryRun: commonMembers.DryRun,
  },
  (call, input) => {
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:RevokeGrant', key, fromService(call));
    const { grants } = call.emulator.store;
    const grant = grants.committed(input.GrantId);
    if (grant === undefined || grant.keyId !== key.keyId) {
      throw new AwsError('NotFoundException', `Grant ID ${input.GrantId} not found`);
    }
    endDryRun(input);
    grants.remove(grant, call.visibleAt);
    return undefined;
  },
);
