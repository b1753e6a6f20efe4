// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbStartSlots } from '#adapters/dynamodb/start-slots.ts';
import { describeStartSlots } from '#test/adapters/contract/start-slots.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeStartSlots(
  'DynamoDbStartSlots',
  async () => new DynamoDbStartSlots(tables.client, await tables.create()),
);
