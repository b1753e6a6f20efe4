// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbReplayRows } from '#adapters/dynamodb/replay-rows.ts';
import { describeReplayRows } from '#test/adapters/contract/replay-rows.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeReplayRows(
  'DynamoDbReplayRows',
  async () => new DynamoDbReplayRows(tables.client, await tables.create()),
);
