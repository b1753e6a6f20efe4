// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDrillRows } from '#adapters/dynamodb/drill-rows.ts';
import { describeDrills } from '#test/adapters/contract/drills.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeDrills(
  'DynamoDrillRows',
  async () => new DynamoDrillRows(tables.client, await tables.create()),
);
