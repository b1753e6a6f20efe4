// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoIncidentRows } from '#adapters/dynamodb/incident-rows.ts';
import { describeIncidents } from '#test/adapters/contract/incidents.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeIncidents(
  'DynamoIncidentRows',
  async () => new DynamoIncidentRows(tables.client, await tables.create()),
);
