// SPDX-License-Identifier: Apache-2.0
// Checkpoints in the one table, a partition per run. A checkpoint and the dead items of its page are one transaction,
// under the condition that the checkpoint before it is still there.
import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { PARTITION_KEY, SORT_KEY } from '#core/contract/table.ts';
import { isError } from '#core/errors.ts';
import type {
  DeadItem,
  ReencryptionProgress,
  ShardCheckpoint,
} from '#core/ports/reencryption-progress.ts';
import { toDomainError } from './errors.ts';
import { type Item, toRecord } from './items.ts';

/** Dead items that one transaction takes beside its checkpoint (TransactWriteItems: 100 items). */
const DEAD_PER_WRITE = 99;
const SHARD_PREFIX = 'shard#';
const DEAD_PREFIX = 'dead#';

const partitionOf = (operationId: string) => `reencryption#${operationId}`;
const shardSort = (source: string, shard: number) => `${SHARD_PREFIX}${source}#${shard}`;

export class DynamoDbReencryptionProgress implements ReencryptionProgress {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async readCheckpoint(
    operationId: string,
    source: string,
    shard: number,
  ): Promise<ShardCheckpoint | null> {
    const command = new GetCommand({
      TableName: this.#table,
      Key: this.#address(operationId, shardSort(source, shard)),
      ConsistentRead: true,
    });
    const { Item } = await translated(() => this.#client.send(command));
    return Item ? toRecord<ShardCheckpoint>(Item) : null;
  }

  async readCheckpoints(operationId: string): Promise<readonly ShardCheckpoint[]> {
    const rows = await this.#query(operationId, SHARD_PREFIX, Number.POSITIVE_INFINITY);
    return rows.map((row) => toRecord<ShardCheckpoint>(row));
  }

  async write(checkpoint: ShardCheckpoint, dead: readonly DeadItem[]): Promise<boolean> {
    const { operationId, source, shard, sequence } = checkpoint;
    const puts = dead.slice(0, DEAD_PER_WRITE).map((item) => ({
      Put: {
        TableName: this.#table,
        Item: { ...this.#address(operationId, `${DEAD_PREFIX}${item.source}#${item.id}`), ...item },
      },
    }));
    const place = this.#address(operationId, shardSort(source, shard));
    const first = sequence === 1;
    const put = {
      TableName: this.#table,
      Item: { ...place, ...checkpoint },
      ConditionExpression: first ? `attribute_not_exists(${PARTITION_KEY})` : '#sequence = :before',
      ...(first
        ? {}
        : {
            ExpressionAttributeNames: { '#sequence': 'sequence' },
            ExpressionAttributeValues: { ':before': sequence - 1 },
          }),
    };
    const command = new TransactWriteCommand({ TransactItems: [{ Put: put }, ...puts] });
    try {
      await translated(() => this.#client.send(command));
      return true;
    } catch (error) {
      if (isError(error, 'RevisionConflict')) return false;
      throw error;
    }
  }

  async readDead(operationId: string, limit: number): Promise<readonly DeadItem[]> {
    const rows = await this.#query(operationId, DEAD_PREFIX, limit);
    return rows.map((row) => toRecord<DeadItem>(row));
  }

  #address(operationId: string, sort: string): Item {
    return { [PARTITION_KEY]: partitionOf(operationId), [SORT_KEY]: sort };
  }

  async #query(operationId: string, prefix: string, limit: number): Promise<Item[]> {
    const rows: Item[] = [];
    let start: Item | undefined;
    do {
      const command = new QueryCommand({
        TableName: this.#table,
        ConsistentRead: true,
        KeyConditionExpression: `${PARTITION_KEY} = :partition AND begins_with(${SORT_KEY}, :prefix)`,
        ExpressionAttributeValues: { ':partition': partitionOf(operationId), ':prefix': prefix },
        ...(start ? { ExclusiveStartKey: start } : {}),
        ...(Number.isFinite(limit) ? { Limit: limit } : {}),
      });
      const page = await translated(() => this.#client.send(command));
      rows.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
    } while (start && rows.length < limit);
    return rows.slice(0, limit);
  }
}

async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toDomainError(error);
  }
}
