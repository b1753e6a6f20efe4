// SPDX-License-Identifier: Apache-2.0
// What was taken once, a row each. A row outlives its time by hours (DynamoDB deletes within days), which is no harm:
// what it stands for is refused as too old by then.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from '#core/contract/table.ts';
import type { Instant } from '#core/keys/records.ts';
import type { ReplayMemory } from '#core/ports/replays.ts';
import { toDomainError } from './errors.ts';

export class DynamoDbReplayRows implements ReplayMemory {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async remember(key: string, now: Instant, seconds: number): Promise<boolean> {
    try {
      await this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: {
            [PARTITION_KEY]: `replay#${key}`,
            [SORT_KEY]: 'meta',
            [TTL_ATTRIBUTE]: Math.floor(Date.parse(now) / 1000) + seconds,
          },
          ConditionExpression: `attribute_not_exists(${PARTITION_KEY})`,
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw toDomainError(error);
    }
  }
}
