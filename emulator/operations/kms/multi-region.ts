// SPDX-License-Identifier: Apache-2.0
// ReplicateKey and UpdatePrimaryRegion. CreateKey makes single-Region keys only, so that every key there is gets
// the answer AWS gives for such a key.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireEnabled } from '../../keys/key-state.ts';
import { tagList } from '../../keys/tags.ts';
import { AwsError } from '../../protocol/errors.ts';
import { flag, text } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';

const region = text(1, 32, { pattern: /^([a-z]+-){2,3}\d+$/ });

function refuse(
  call: Call,
  action: string,
  keyId: string,
  toRegion: Record<string, string>,
): never {
  const key = findKey(call, keyId);
  authorizeKey(call, action, key, toRegion);
  requireEnabled(call, key);
  throw new AwsError(
    'UnsupportedOperationException',
    `${keyArn(call.emulator.place, key.keyId)} is not a multi-Region primary key.`,
  );
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html */
export const replicateKey = operation(
  'ReplicateKey',
  {
    KeyId: required(keyIdText),
    ReplicaRegion: required(region),
    Policy: optional(text(1, 131_072, { secret: true })),
    BypassPolicyLockoutSafetyCheck: optional(flag),
    Description: optional(text(0, 8192)),
    Tags: optional(tagList),
  },
  (call, input) =>
    refuse(call, 'kms:ReplicateKey', input.KeyId, { 'kms:ReplicaRegion': input.ReplicaRegion }),
);

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdatePrimaryRegion.html */
export const updatePrimaryRegion = operation(
  'UpdatePrimaryRegion',
  { KeyId: required(keyIdText), PrimaryRegion: required(region) },
  (call, input) =>
    refuse(call, 'kms:UpdatePrimaryRegion', input.KeyId, {
      'kms:PrimaryRegion': input.PrimaryRegion,
    }),
);
