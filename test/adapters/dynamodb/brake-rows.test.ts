// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbBrakeRows } from '#adapters/dynamodb/brake-rows.ts';
import { describeBrakeRows } from '#test/adapters/contract/brake-rows.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeBrakeRows(
  'DynamoDbBrakeRows',
  async () => new DynamoDbBrakeRows(tables.client, await tables.create()),
);
