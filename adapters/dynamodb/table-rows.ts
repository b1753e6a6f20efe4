// SPDX-License-Identifier: Apache-2.0
// Rows of the metadata table: strongly consistent reads, and transactions whose conditions name revisions.
import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { PARTITION_KEY, SORT_KEY } from '#core/contract/table.ts';
import { toDomainError } from './errors.ts';
import * as items from './items.ts';

export type Write = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Every method throws the errors of the domain. */
export class TableRows {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.client = client;
    this.table = table;
  }

  put(item: items.Item): Write {
    return { Put: { TableName: this.table, Item: item } };
  }

  guarded(item: items.Item, expectedRevision: number | null): Write {
    const base = { TableName: this.table, Item: item };
    if (expectedRevision === null) {
      return { Put: { ...base, ConditionExpression: `attribute_not_exists(${PARTITION_KEY})` } };
    }
    return {
      Put: {
        ...base,
        ConditionExpression: 'revision = :revision',
        ExpressionAttributeValues: { ':revision': expectedRevision },
      },
    };
  }

  /** Writes nothing: the row must be at that revision still, null: not exist. */
  unchanged(address: items.Item, revision: number | null): Write {
    const base = { TableName: this.table, Key: address };
    if (revision === null)
      return {
        ConditionCheck: { ...base, ConditionExpression: `attribute_not_exists(${PARTITION_KEY})` },
      };
    return {
      ConditionCheck: {
        ...base,
        ConditionExpression: 'revision = :revision',
        ExpressionAttributeValues: { ':revision': revision },
      },
    };
  }

  async get<T>(address: items.Item): Promise<T | null> {
    const request = { TableName: this.table, Key: address, ConsistentRead: true };
    const { Item } = await this.translated(() => this.client.send(new GetCommand(request)));
    return Item ? items.toRecord<T>(Item) : null;
  }

  async query(
    partition: string,
    page: { after?: string; limit?: number } = {},
  ): Promise<items.Item[]> {
    const rows: items.Item[] = [];
    let start: items.Item | undefined;
    do {
      const result = await this.translated(() => this.#queryPage(partition, page, start));
      rows.push(...(result.Items ?? []));
      start = result.LastEvaluatedKey;
    } while (start && (page.limit === undefined || rows.length < page.limit));
    return rows;
  }

  #queryPage(
    partition: string,
    page: { after?: string; limit?: number },
    start: items.Item | undefined,
  ) {
    const after = page.after === undefined ? '' : ` AND ${SORT_KEY} > :after`;
    return this.client.send(
      new QueryCommand({
        TableName: this.table,
        ConsistentRead: true,
        KeyConditionExpression: `${PARTITION_KEY} = :partition${after}`,
        ExpressionAttributeValues: {
          ':partition': partition,
          ...(page.after === undefined ? {} : { ':after': page.after }),
        },
        ...(page.limit === undefined ? {} : { Limit: page.limit }),
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
  }

  async transact(writes: Write[]): Promise<void> {
    await this.translated(() =>
      this.client.send(new TransactWriteCommand({ TransactItems: writes })),
    );
  }

  async translated<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toDomainError(error);
    }
  }
}
