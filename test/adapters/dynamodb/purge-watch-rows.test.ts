// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbLedger } from '#adapters/dynamodb/ledger.ts';
import { DynamoDbPurgeWatchRows } from '#adapters/dynamodb/purge-watch-rows.ts';
import { describePurgeWatchRows } from '#test/adapters/contract/purge-watch-rows.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describePurgeWatchRows('DynamoDbPurgeWatchRows', async () => {
  const place = [tables.client, await tables.create()] as const;
  return { ledger: new DynamoDbLedger(...place), watches: new DynamoDbPurgeWatchRows(...place) };
});
