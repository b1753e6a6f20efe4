// SPDX-License-Identifier: Apache-2.0
// Which keys AWS rotates: symmetric keys of the standard store; those with imported material on demand only.
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import { keyArn } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { requireSettled, requireStandardStore } from './key-state.ts';
import { requireOwnRotation } from './multi-region.ts';

/** @throws AwsError UnsupportedOperationException on custom-store, imported, asymmetric and replica keys */
export function requireRotatable(call: Call, key: KeyRecord): void {
  requireStandardStore(call, key);
  requireSymmetric(key);
  requireOwnRotation(call, key);
  requireSettled(call, key);
}

/** On demand, keys with imported material rotate too. @throws AwsError UnsupportedOperationException */
export function requireRotatableOnDemand(call: Call, key: KeyRecord): void {
  if (key.origin !== 'EXTERNAL') requireStandardStore(call, key);
  requireSymmetric(key);
}

/** @throws AwsError UnsupportedOperationException unless the key takes material from outside */
export function requireImportable(call: Call, key: KeyRecord): void {
  if (key.origin === 'EXTERNAL') return;
  throw new AwsError(
    'UnsupportedOperationException',
    `${keyArn(call.emulator.place, key.keyId)} origin is ${key.origin} which is not valid for this operation.`,
  );
}

/** AWS says nothing more. */
function requireSymmetric(key: KeyRecord): void {
  if (key.keySpec !== 'SYMMETRIC_DEFAULT') throw new AwsError('UnsupportedOperationException');
}
