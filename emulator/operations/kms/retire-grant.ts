// SPDX-License-Identifier: Apache-2.0
// RetireGrant: by token, or by key and id. The grant says who may: its retiring principal, its grantee when it
// allows RetireGrant, the root of its account; no policy is needed, but an explicit deny still counts.
import { authorizeRetirement } from '../../authorization/authorize.ts';
import { grantOfToken } from '../../authorization/grants.ts';
import { noteEventData } from '../../cloudtrail/keys-used.ts';
import { commonMembers, endDryRun, keyIdText } from '../../keys/crypto-request.ts';
import { findKey, keyById } from '../../keys/find-key.ts';
import { grantIdText } from '../../keys/grant-request.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { type InputOf, optional } from '../../protocol/shape.ts';
import type { GrantRecord } from '../../store/grants.ts';

const members = {
  GrantToken: optional(text(1, 8192)),
  KeyId: optional(keyIdText),
  GrantId: optional(grantIdText),
  DryRun: commonMembers.DryRun,
};

function grantOf(call: Call, input: InputOf<typeof members>): GrantRecord {
  const { GrantToken: token, KeyId: keyId, GrantId: grantId } = input;
  const { grants } = call.emulator.store;
  const byId = keyId !== undefined || grantId !== undefined;
  if ((token === undefined) !== byId) {
    throw new AwsError(
      'ValidationException',
      'Specify either a grant token, or both a key ID and a grant ID.',
    );
  }
  if (token !== undefined) return grantOfToken(grants, token);
  if (keyId === undefined || grantId === undefined) {
    throw new AwsError('ValidationException', 'Both a key ID and a grant ID are required.');
  }
  const key = findKey(call, keyId);
  const grant = grants.committed(grantId);
  if (grant?.keyId === key.keyId) return grant;
  throw new AwsError('NotFoundException', `Grant ID ${grantId} not found`);
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_RetireGrant.html */
export const retireGrant = operation('RetireGrant', members, (call, input) => {
  const grant = grantOf(call, input);
  authorizeRetirement(call, keyById(call, grant.keyId), grant);
  endDryRun(input);
  noteEventData(call.caller, { grantId: grant.grantId });
  call.emulator.store.grants.remove(grant, call.visibleAt);
  return undefined;
});
