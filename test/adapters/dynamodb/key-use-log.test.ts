// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbKeyUseLog } from '#adapters/dynamodb/key-use-log.ts';
import { describeKeyUseLog } from '#test/adapters/contract/key-use-log.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeKeyUseLog(
  'DynamoDbKeyUseLog',
  async () => new DynamoDbKeyUseLog(tables.client, await tables.create()),
);
