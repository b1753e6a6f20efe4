// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbPauseRows } from '#adapters/dynamodb/pause-rows.ts';
import { describePauseRows } from '#test/adapters/contract/pause-rows.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describePauseRows(
  'DynamoDbPauseRows',
  async () => new DynamoDbPauseRows(tables.client, await tables.create()),
);
