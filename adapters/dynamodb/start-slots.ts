// SPDX-License-Identifier: Apache-2.0
// Hourly starts as one counter row per class and hour. The condition makes the limit hold however many sweeps and
// events count at once.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { TTL_ATTRIBUTE } from '#core/contract/table.ts';
import type { Instant } from '#core/keys/records.ts';
import type { SlotRequest, StartSlots } from '#core/ports/start-slots.ts';
import { toDomainError } from './errors.ts';
import { startSlotAddress } from './items.ts';

/** The row says nothing any more once its hour is over; a day leaves room for clocks that differ. */
const KEEP_SECONDS = 86_400;

export class DynamoDbStartSlots implements StartSlots {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async take(
    className: string,
    at: Instant,
    limit: number,
    { count = 1, holder }: SlotRequest = {},
  ): Promise<boolean> {
    if (count > limit) return false;
    const isNamed = holder !== undefined;
    const hasRoom = '(attribute_not_exists(taken) OR taken <= :most)';
    try {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: startSlotAddress(className, at.slice(0, 13)),
          UpdateExpression: `ADD taken :count${isNamed ? ', holders :holders' : ''} SET #ttl = :ttl`,
          ConditionExpression: isNamed ? `${hasRoom} AND NOT contains(holders, :holder)` : hasRoom,
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          ExpressionAttributeNames: { '#ttl': TTL_ATTRIBUTE },
          ExpressionAttributeValues: {
            ':count': count,
            ':most': limit - count,
            ':ttl': Math.floor(Date.parse(at) / 1000) + KEEP_SECONDS,
            ...(isNamed ? { ':holder': holder, ':holders': new Set([holder]) } : {}),
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException)
        return isNamed && (error.Item?.['holders']?.SS ?? []).includes(holder);
      throw toDomainError(error);
    }
  }
}
