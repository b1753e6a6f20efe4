// SPDX-License-Identifier: Apache-2.0
// Reviews to be asked for, in the metadata table: found by the index of what is due.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { ReviewTask, ReviewTasks } from '#core/ports/reviews.ts';
import { listDueReviews } from './indexes.ts';
import { reviewAddress, reviewItem } from './items.ts';
import { TableRows } from './table-rows.ts';

export class DynamoDbReviewRows implements ReviewTasks {
  readonly #rows: TableRows;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#rows = new TableRows(client, table);
  }

  async readReview(operationId: string): Promise<ReviewTask | null> {
    return this.#rows.get<ReviewTask>(reviewAddress(operationId));
  }

  async listDueReviews(before: string, limit: number): Promise<readonly string[]> {
    const { client, table } = this.#rows;
    return this.#rows.translated(() => listDueReviews(client, table, before, limit));
  }

  async writeReview(task: ReviewTask): Promise<void> {
    await this.#rows.transact([this.#rows.guarded(reviewItem(task), task.revision - 1)]);
  }
}
