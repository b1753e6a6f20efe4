// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbNoticeRows } from '#adapters/dynamodb/notice-rows.ts';
import { describeNoticeRows } from '#test/adapters/contract/notice-rows.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeNoticeRows(
  'DynamoDbNoticeRows',
  async () => new DynamoDbNoticeRows(tables.client, await tables.create()),
);
