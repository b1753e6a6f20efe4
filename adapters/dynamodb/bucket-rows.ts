// SPDX-License-Identifier: Apache-2.0
// Buckets of the rate budget in the one table: one small row each, replaced under the condition that it is what was
// seen. A failed condition brings the row along, so a lost race costs no read.
import { type AttributeValue, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PARTITION_KEY, SORT_KEY } from '#core/contract/table.ts';
import type { BucketRows, BucketState } from '#core/ports/rate-budget.ts';
import { toDomainError } from './errors.ts';

const UNUSED: BucketState = { routineUntil: 0, priorityUntil: 0 };

const address = (bucket: string) => ({ [PARTITION_KEY]: `budget#${bucket}`, [SORT_KEY]: 'meta' });

function toState(row: Record<string, unknown> | undefined): BucketState {
  if (!row) return UNUSED;
  return {
    routineUntil: Number(row['routineUntil']),
    priorityUntil: Number(row['priorityUntil']),
  };
}

function stateOf(row: Record<string, AttributeValue> | undefined): BucketState | null {
  const routineUntil = row?.['routineUntil']?.N;
  const priorityUntil = row?.['priorityUntil']?.N;
  if (routineUntil === undefined || priorityUntil === undefined) return null;
  return toState({ routineUntil, priorityUntil });
}

export class DynamoDbBucketRows implements BucketRows {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(bucket: string): Promise<BucketState> {
    const command = new GetCommand({
      TableName: this.#table,
      Key: address(bucket),
      ConsistentRead: true,
    });
    try {
      return toState((await this.#client.send(command)).Item);
    } catch (error) {
      throw toDomainError(error);
    }
  }

  async replace(bucket: string, seen: BucketState, next: BucketState): Promise<BucketState | null> {
    const isUnused = seen.routineUntil === 0 && seen.priorityUntil === 0;
    const command = new UpdateCommand({
      TableName: this.#table,
      Key: address(bucket),
      UpdateExpression: 'SET routineUntil = :routine, priorityUntil = :priority',
      ConditionExpression: `(routineUntil = :seenRoutine AND priorityUntil = :seenPriority)${
        isUnused ? ` OR attribute_not_exists(${PARTITION_KEY})` : ''
      }`,
      ExpressionAttributeValues: {
        ':routine': next.routineUntil,
        ':priority': next.priorityUntil,
        ':seenRoutine': seen.routineUntil,
        ':seenPriority': seen.priorityUntil,
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await this.#client.send(command);
      return null;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw toDomainError(error);
      return stateOf(error.Item) ?? this.read(bucket);
    }
  }
}
