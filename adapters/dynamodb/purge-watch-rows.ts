// SPDX-License-Identifier: Apache-2.0
// Watches over consumers of stopped keys, in the metadata table: rows of their keys, found by the index of what is due.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { PurgeWatches } from '#core/ports/purge-watches.ts';
import { listDuePurges } from './indexes.ts';
import { TableRows } from './table-rows.ts';

export class DynamoDbPurgeWatchRows implements PurgeWatches {
  readonly #rows: TableRows;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#rows = new TableRows(client, table);
  }

  async listDuePurges(before: string, limit: number): Promise<readonly string[]> {
    const { client, table } = this.#rows;
    return this.#rows.translated(() => listDuePurges(client, table, before, limit));
  }
}
