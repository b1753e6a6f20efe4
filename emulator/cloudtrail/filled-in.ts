// SPDX-License-Identifier: Apache-2.0
// What KMS fills in of a request before CloudTrail writes it: members that were left out have their default.
// @see https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html
import type { Shown } from './members.ts';

const SYMMETRIC = 'SYMMETRIC_DEFAULT';

const DEFAULTS: ReadonlyMap<string, Shown> = new Map([
  [
    'CreateKey',
    {
      description: '',
      origin: 'AWS_KMS',
      bypassPolicyLockoutSafetyCheck: false,
      keyUsage: 'ENCRYPT_DECRYPT',
    },
  ],
  ['Decrypt', { encryptionAlgorithm: SYMMETRIC }],
  ['Encrypt', { encryptionAlgorithm: SYMMETRIC }],
  ['PutKeyPolicy', { policyName: 'default', bypassPolicyLockoutSafetyCheck: false }],
  [
    'ReEncrypt',
    { sourceEncryptionAlgorithm: SYMMETRIC, destinationEncryptionAlgorithm: SYMMETRIC },
  ],
  ['ReplicateKey', { bypassPolicyLockoutSafetyCheck: false, description: '' }],
]);

/** The older and the newer name of a key's spec stand beside each other. */
function specNames({ keySpec, customerMasterKeySpec }: Shown): Shown {
  const spec = keySpec ?? customerMasterKeySpec ?? SYMMETRIC;
  return { keySpec: spec, customerMasterKeySpec: spec };
}

/** The members of a request as CloudTrail shows them. */
export function filledIn(operation: string, given: Shown): Shown {
  const spec = operation === 'CreateKey' ? specNames(given) : {};
  return { ...DEFAULTS.get(operation), ...given, ...spec };
}
