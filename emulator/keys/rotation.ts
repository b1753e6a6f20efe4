// SPDX-License-Identifier: Apache-2.0
// Which keys AWS rotates: symmetric keys of the standard store only.
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import { keyArn } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { requireStandardStore } from './key-state.ts';

/** @throws AwsError UnsupportedOperationException on custom-store and asymmetric keys */
export function requireRotatable(call: Call, key: KeyRecord): void {
  requireStandardStore(call, key);
  if (key.keySpec === 'SYMMETRIC_DEFAULT') return;
  throw new AwsError(
    'UnsupportedOperationException',
    `${keyArn(call.emulator.place, key.keyId)} key spec is ${key.keySpec} which is not valid for this operation.`,
  );
}
