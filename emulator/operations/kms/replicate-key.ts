// SPDX-License-Identifier: Apache-2.0
// ReplicateKey: a key with the same id and material in another Region, with policy, tags and description of its
// own. It is Creating for a moment.
import { authorizeAccount, authorizeKey } from '../../authorization/authorize.ts';
import { defaultKeyPolicy } from '../../authorization/default-policy.ts';
import { checkLockout, checkPolicyForm } from '../../authorization/lockout.ts';
import { requestTagEntries } from '../../authorization/request-context.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { keyMetadata } from '../../keys/key-metadata.ts';
import { requireEnabled, requireSettled } from '../../keys/key-state.ts';
import { enterPassing, requirePrimary } from '../../keys/multi-region.ts';
import { settleKey } from '../../keys/shared-material.ts';
import { tagList, withTags } from '../../keys/tags.ts';
import { AwsError } from '../../protocol/errors.ts';
import { flag, text } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { type InputOf, optional, required } from '../../protocol/shape.ts';
import { type Emulator, keyArn } from '../../settings.ts';
import type { KeyRecord } from '../../store/key-row.ts';

/** A Region as requests carry it. */
export const regionText = text(1, 32, { pattern: /^([a-z]+-){2,3}\d+$/ });

const members = {
  KeyId: required(keyIdText),
  ReplicaRegion: required(regionText),
  Policy: optional(text(1, 131_072, { secret: true })),
  BypassPolicyLockoutSafetyCheck: optional(flag),
  Description: optional(text(0, 8192)),
  Tags: optional(tagList),
};

type Input = InputOf<typeof members>;

function destination(call: Call, key: KeyRecord, region: string): Emulator {
  const emulator = call.emulator.regions.of(region);
  if (emulator === undefined) {
    throw new AwsError('UnsupportedOperationException', `KMS is not available in ${region}.`);
  }
  if (emulator.store.keys.committed(key.keyId) === undefined) return emulator;
  const arn = keyArn(emulator.place, key.keyId);
  throw new AwsError('AlreadyExistsException', `A key with the ARN ${arn} already exists.`);
}

function replicaOf(call: Call, key: KeyRecord, input: Input): KeyRecord {
  const isImported = key.origin === 'EXTERNAL';
  return {
    ...key,
    createdAt: call.now,
    wrappedKey: isImported ? null : key.wrappedKey,
    publicKey: isImported ? null : key.publicKey,
    description: input.Description ?? '',
    policy: input.Policy ?? defaultKeyPolicy(call.emulator.place.account),
    tags: withTags({}, input.Tags ?? []),
  };
}

/** What the caller must be allowed in the replica's Region. */
function authorizeThere(there: Call, replica: KeyRecord, tags: NonNullable<Input['Tags']>): void {
  authorizeAccount(there, 'kms:CreateKey', {
    'kms:KeySpec': replica.keySpec,
    'kms:KeyUsage': replica.keyUsage,
    'kms:KeyOrigin': replica.origin,
    'kms:MultiRegion': true,
    'kms:MultiRegionKeyType': 'REPLICA',
    ...requestTagEntries(tags),
  });
  if (tags.length === 0) return;
  const arn = keyArn(there.emulator.place, replica.keyId);
  authorizeAccount(there, 'kms:TagResource', requestTagEntries(tags), arn);
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html */
export const replicateKey = operation('ReplicateKey', members, (call, input) => {
  const key = findKey(call, input.KeyId);
  authorizeKey(call, 'kms:ReplicateKey', key, { 'kms:ReplicaRegion': input.ReplicaRegion });
  requirePrimary(call, key);
  requireEnabled(call, key);
  requireSettled(call, key);
  const emulator = destination(call, key, input.ReplicaRegion);
  const there: Call = { ...call, emulator };
  const replica = replicaOf(call, key, input);
  authorizeThere(there, replica, input.Tags ?? []);
  if (input.Policy !== undefined) checkPolicyForm(input.Policy);
  if (input.BypassPolicyLockoutSafetyCheck !== true) checkLockout(there, replica, replica.policy);
  enterPassing(emulator, key.keyId, { state: 'Creating', regions: [emulator.place.region] });
  emulator.store.keys.insert(replica, 'live', call.visibleAt);
  settleKey(emulator, key.keyId, call.now);
  return {
    ReplicaKeyMetadata: keyMetadata(emulator, replica),
    ReplicaPolicy: replica.policy,
    ...(input.Tags === undefined ? {} : { ReplicaTags: input.Tags }),
  };
});
