// SPDX-License-Identifier: Apache-2.0
// UpdatePrimaryRegion: a replica becomes the primary, and the primary a replica; both are Updating for a moment.
import { authorizeKey } from '../../authorization/authorize.ts';
import { keyIdText } from '../../keys/crypto-request.ts';
import { findKey } from '../../keys/find-key.ts';
import { requireEnabled, requireSettled } from '../../keys/key-state.ts';
import { enterPassing, requirePrimary } from '../../keys/multi-region.ts';
import { AwsError } from '../../protocol/errors.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { keyArn } from '../../settings.ts';
import type { KeyRecord } from '../../store/key-row.ts';
import { regionText } from './replicate-key.ts';

/** The call as the new primary's Region sees it. @throws AwsError when there can be none */
function elsewhere(call: Call, key: KeyRecord, region: string): Call {
  const { place, regions } = call.emulator;
  if (region === place.region) {
    const arn = keyArn(place, key.keyId);
    throw new AwsError('UnsupportedOperationException', `${arn} is the primary key already.`);
  }
  const emulator = regions.of(region);
  if (emulator !== undefined) return { ...call, emulator };
  throw new AwsError('UnsupportedOperationException', `KMS is not available in ${region}.`);
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdatePrimaryRegion.html */
export const updatePrimaryRegion = operation(
  'UpdatePrimaryRegion',
  { KeyId: required(keyIdText), PrimaryRegion: required(regionText) },
  (call, input) => {
    const entries = { 'kms:PrimaryRegion': input.PrimaryRegion };
    const key = findKey(call, input.KeyId);
    authorizeKey(call, 'kms:UpdatePrimaryRegion', key, entries);
    requirePrimary(call, key);
    requireEnabled(call, key);
    requireSettled(call, key);
    const there = elsewhere(call, key, input.PrimaryRegion);
    // Finding the replica also brings it into step with the primary, whose rotation it takes over.
    const replica = findKey(there, key.keyId);
    authorizeKey(there, 'kms:UpdatePrimaryRegion', replica, entries);
    requireEnabled(there, replica);
    requireSettled(there, replica);
    enterPassing(call.emulator, key.keyId, {
      state: 'Updating',
      regions: [call.emulator.place.region, input.PrimaryRegion],
      primaryRegion: input.PrimaryRegion,
    });
    return undefined;
  },
);
