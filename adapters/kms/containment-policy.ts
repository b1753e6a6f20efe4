// SPDX-License-Identifier: Apache-2.0
// Statements of key policies that stop a key. A Deny for everybody beats what grants allow (AWS KMS developer guide,
// policy evaluation), so a suspension leaves the grants of AWS services as they are, and lifting it gives nothing new.

/** Every way of using a key; managing it is not use. */
const USE = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DeriveSharedSecret',
  'kms:Encrypt',
  'kms:GenerateDataKey*',
  'kms:GenerateMac',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:Sign',
  'kms:Verify',
  'kms:VerifyMac',
] as const;

/** Nobody uses the key, but for roles that are named. */
export function denyUse(except: readonly string[] = []) {
  return {
    Sid: 'NobodyUsesTheKey',
    Effect: 'Deny' as const,
    Principal: { AWS: '*' },
    Action: USE,
    Resource: '*' as const,
    ...(except.length === 0
      ? {}
      : { Condition: { ArnNotEquals: { 'aws:PrincipalArn': [...except] } } }),
  };
}
