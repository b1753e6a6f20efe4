// SPDX-License-Identifier: Apache-2.0
// Entries of the list of stopped keys: one partition, written in the transactions that stop keys. Incidents are rare and a
// partition takes 1,000 writes a second (DynamoDB developer guide, partition limits), far above KMS's own rates.
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { PARTITION_KEY, SORT_KEY } from '#core/contract/table.ts';
import type { StatusEntry } from '#core/keys/status.ts';
import type { StatusRows } from '#core/ports/status-list.ts';
import { toDomainError } from './errors.ts';
import { type Item, toRecord } from './items.ts';

const PARTITION = 'status-list';

export const statusItem = (entry: StatusEntry): Item => ({
  [PARTITION_KEY]: PARTITION,
  [SORT_KEY]: `${entry.key}#${String(entry.version ?? 0).padStart(8, '0')}`,
  ...entry,
});

export class DynamoDbStatusRows implements StatusRows {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async listStatus(): Promise<readonly StatusEntry[]> {
    const entries: StatusEntry[] = [];
    let start: Item | undefined;
    try {
      do {
        const page = await this.#client.send(
          new QueryCommand({
            TableName: this.#table,
            ConsistentRead: true,
            KeyConditionExpression: `${PARTITION_KEY} = :partition`,
            ExpressionAttributeValues: { ':partition': PARTITION },
            ...(start ? { ExclusiveStartKey: start } : {}),
          }),
        );
        entries.push(...(page.Items ?? []).map((row) => toRecord<StatusEntry>(row)));
        start = page.LastEvaluatedKey;
      } while (start);
    } catch (error) {
      throw toDomainError(error);
    }
    return entries;
  }
}
