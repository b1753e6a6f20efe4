// SPDX-License-Identifier: Apache-2.0
// Checks of a key policy before it is stored: size, form, and that its author can change it again.
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { mayUseKey } from './authorize.ts';
import { MalformedPolicy, parsePolicyText } from './policy-document.ts';

const MAXIMUM_BYTES = 32_768;

function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocumentException', message);
}

/** @throws AwsError MalformedPolicyDocumentException or LimitExceededException */
export function checkPolicyForm(policy: string): void {
  if (Buffer.byteLength(policy) > MAXIMUM_BYTES) {
    throw new AwsError('LimitExceededException', 'The key policy exceeds 32768 bytes.');
  }
  try {
    parsePolicyText(policy, 'key');
  } catch (error) {
    if (error instanceof MalformedPolicy) throw malformed(error.message);
    throw error;
  }
}

/**
 * [lockout check] the new policy must let its author put the next one, unless bypassed.
 * @throws AwsError MalformedPolicyDocumentException
 */
export function checkLockout(call: Call, key: KeyRecord, policy: string): void {
  const decision = mayUseKey(call, 'kms:PutKeyPolicy', { ...key, policy });
  if (decision.allowed) return;
  throw malformed('The new key policy will not allow you to update the key policy in the future.');
}
