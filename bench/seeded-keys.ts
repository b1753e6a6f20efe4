// SPDX-License-Identifier: Apache-2.0
// Rows of many keys, for measures of what a large table costs: making as many real ones would take an hour.
import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { keyItem, versionItem } from '#adapters/dynamodb/items.ts';
import { genesisHash } from '#core/audit/chain.ts';
import type { KeyRecord, VersionRecord } from '#core/keys/records.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import { each, KEY_STORE } from './local-stack.ts';

const STAGE = 'local';
/** Rows of one BatchWriteItem (DynamoDB API reference). */
const BATCH = 25;
const FAR = '2099-01-01T00:00:00.000Z';

function seededKey(name: string, owner: string): { key: KeyRecord; version: VersionRecord } {
  const keyId = `seeded-${name}`;
  const alias = `alias/keyturn/${STAGE}/${name}`;
  const at = '2026-01-01T00:00:00.000Z';
  return {
    key: {
      name,
      class: 'internal-data',
      owner,
      purpose: 'bench',
      environment: 'development',
      tier: 'kms',
      access: [],
      keyStore: KEY_STORE,
      alias,
      state: 'active',
      currentVersion: 1,
      currentKeyId: keyId,
      latestVersion: 1,
      nextRotationAt: FAR,
      lastRotatedAt: at,
      retryNotBefore: null,
      createdAt: at,
      createdBy: 'bench',
      lease: null,
      fence: 1,
      revision: 1,
      auditHead: genesisHash(keyStream(name)),
    },
    version: {
      name,
      version: 1,
      state: 'active',
      substate: null,
      keyId,
      keyArn: `arn:aws:kms:us-east-1:000000000000:key/${keyId}`,
      alias: `${alias}/v1`,
      operationId: 'op_seeded',
      creationAttempts: 1,
      policyTemplate: 'active',
      canary: null,
      createdAt: at,
      verifiedAt: at,
      activatedAt: at,
      deactivatedAt: null,
    },
  };
}

/** Writes keys with a version each, which KMS does not know, numbered from `from` up to `to`. */
export async function seedKeys(
  client: DynamoDBDocumentClient,
  table: string,
  { from, to, owner = 'payments' }: { from: number; to: number; owner?: string },
): Promise<void> {
  const rows = Array.from({ length: to - from }, (_, index) => {
    const { key, version } = seededKey(`seeded-${String(from + index).padStart(6, '0')}`, owner);
    return [keyItem(key), versionItem(version)];
  }).flat();
  const batches: (typeof rows)[] = [];
  for (let at = 0; at < rows.length; at += BATCH) batches.push(rows.slice(at, at + BATCH));
  await each(batches, async (items) => {
    const RequestItems = { [table]: items.map((Item) => ({ PutRequest: { Item } })) };
    await client.send(new BatchWriteCommand({ RequestItems }));
  });
}
