// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbLedger } from '#adapters/dynamodb/ledger.ts';
import { DynamoDbScopeRows } from '#adapters/dynamodb/scope-rows.ts';
import { describeScopeRows } from '#test/adapters/contract/scope-rows.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeScopeRows('DynamoDbScopeRows', async () => {
  const table = await tables.create();
  const { client } = tables;
  return {
    ledger: new DynamoDbLedger(client, table),
    scopes: new DynamoDbScopeRows(client, table),
  };
});
