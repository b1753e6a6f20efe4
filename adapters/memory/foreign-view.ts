// SPDX-License-Identifier: Apache-2.0
// Keys of the vault in memory as an inspector reads them: with policies as documents.
import { readForeignPolicy } from '#core/keys/foreign-policy.ts';
import type { ForeignKey } from '#core/ports/key-inspector.ts';
import type { KeyPolicy, StoredKey } from './stored-key.ts';

const ACCOUNT = '000000000000';

/** The policy that a document of somebody else is. */
export function originalPolicy(document: string): KeyPolicy {
  return { template: 'original', access: readForeignPolicy(document, ACCOUNT).access, document };
}

/** What KMS would answer: a released policy leaves the key to IAM and names its users. */
function documentOf({ template, access, document }: KeyPolicy): string {
  if (document !== undefined) return document;
  if (!template.startsWith('released')) return JSON.stringify({ Statement: [] });
  const root = `arn:aws:iam::${ACCOUNT}:root`;
  const named = access.map(({ principal, rights }) => ({
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: rights.map((right) => (right === 'encrypt' ? 'kms:Encrypt' : 'kms:Decrypt')),
  }));
  return JSON.stringify({
    Statement: [{ Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*' }, ...named],
  });
}

/** One key as it is read before an adoption. */
export function foreignView(
  key: StoredKey,
  seen: KeyPolicy,
  aliases: readonly string[],
): ForeignKey {
  const { stage, operationId } = key.provenance;
  const marks = { 'keyturn:stage': stage, 'keyturn:operation': operationId };
  return {
    keyId: key.keyId,
    keyArn: key.keyArn,
    description: '',
    createdAt: key.createdAt,
    state: key.isPendingDeletion ? 'PendingDeletion' : 'Enabled',
    origin: key.origin,
    keySpec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    manager: 'CUSTOMER',
    isMultiRegion: false,
    keyStoreId: key.origin === 'AWS_CLOUDHSM' ? key.keyStoreId : null,
    policy: documentOf(seen),
    aliases,
    tags: { ...key.otherTags, ...(key.isTagged ? marks : {}) },
    grants: 0,
    isRotatedByVault: null,
    lastUsedAt: null,
    unreadable: [],
  };
}
