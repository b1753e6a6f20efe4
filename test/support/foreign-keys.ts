// SPDX-License-Identifier: Apache-2.0
// A KMS key that Keyturn did not make, as an inspector reads it.
import type { ForeignKey } from '#core/ports/key-inspector.ts';
import { T0 } from './records.ts';

/** The policy that KMS gives a key when its maker gives none. */
export const DEFAULT_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Enable IAM User Permissions',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::000000000000:root' },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
});

export function aForeignKey(patch: Partial<ForeignKey> = {}): ForeignKey {
  return {
    keyId: 'foreign-1',
    keyArn: 'arn:aws:kms:us-east-1:000000000000:key/foreign-1',
    description: '',
    createdAt: T0,
    state: 'Enabled',
    origin: 'AWS_CLOUDHSM',
    keySpec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    manager: 'CUSTOMER',
    isMultiRegion: false,
    keyStoreId: 'cks-memory',
    policy: DEFAULT_POLICY,
    aliases: [],
    tags: { Owner: 'payments' },
    grants: 0,
    isRotatedByVault: null,
    lastUsedAt: T0,
    unreadable: [],
    ...patch,
  };
}

/** A policy as the console writes it: IAM of the account decides, and one role is let in by name. */
export function consolePolicy(role: string): string {
  const { Version, Statement } = JSON.parse(DEFAULT_POLICY);
  const named = {
    Sid: 'Allow use of the key',
    Effect: 'Allow',
    Principal: { AWS: role },
    Action: [
      'kms:Encrypt',
      'kms:Decrypt',
      'kms:ReEncrypt*',
      'kms:GenerateDataKey*',
      'kms:DescribeKey',
    ],
    Resource: '*',
  };
  return JSON.stringify({ Version, Statement: [...Statement, named] });
}
