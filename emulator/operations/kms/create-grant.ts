// SPDX-License-Identifier: Apache-2.0
// CreateGrant: a named grant is made once; every answer has a token of its own, valid at once.
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { authorizeKey } from '../../authorization/authorize.ts';
import { newGrantToken } from '../../authorization/grants.ts';
import { endDryRun } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import {
  constraintsOf,
  GRANTS_PER_KEY,
  grantEntries,
  newGrantMembers,
  partiesOf,
  requireOperationsOfKey,
} from '../../keys/grant-request.ts';
import { requireEnabled } from '../../keys/key-state.ts';
import { AwsError } from '../../protocol/errors.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import type { GrantRecord } from '../../store/grants.ts';

/** A grant of the same name with the same parameters. */
function repeated(call: Call, wanted: GrantRecord): GrantRecord | undefined {
  if (wanted.name === undefined) return undefined;
  const { grants } = call.emulator.store;
  const identity = ({ grantId: _id, createdAt: _at, secret: _secret, ...rest }: GrantRecord) =>
    JSON.parse(JSON.stringify(rest));
  return grants
    .committedOf(wanted.keyId)
    .find((grant) => isDeepStrictEqual(identity(grant), identity(wanted)));
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html */
export const createGrant = operation('CreateGrant', newGrantMembers, (call, input) => {
  const key = findKey(call, input.KeyId);
  const parties = partiesOf(input);
  const constraints = constraintsOf(key, input);
  authorizeKey(call, 'kms:CreateGrant', key, grantEntries(call, constraints, input));
  requireEnabled(call, key);
  requireOperationsOfKey(key, input.Operations);
  const { grants } = call.emulator.store;
  const wanted: GrantRecord = {
    grantId: randomBytes(32).toString('hex'),
    keyId: key.keyId,
    name: input.Name,
    createdAt: call.now,
    ...parties,
    issuer: `arn:aws:iam::${call.caller.account}:root`,
    operations: [...new Set(input.Operations)],
    constraints,
    secret: randomBytes(32).toString('hex'),
  };
  const existing = repeated(call, wanted);
  if (existing === undefined && grants.count(key.keyId) >= GRANTS_PER_KEY) {
    throw new AwsError('LimitExceededException', 'The key has the maximum number of grants.');
  }
  endDryRun(input);
  if (existing === undefined) grants.add(wanted, call.visibleAt);
  const grant = existing ?? wanted;
  return { GrantId: grant.grantId, GrantToken: newGrantToken(grant) };
});
