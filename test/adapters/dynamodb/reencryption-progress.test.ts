// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbReencryptionProgress } from '#adapters/dynamodb/reencryption-progress.ts';
import { describeProgress } from '#test/adapters/contract/reencryption.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeProgress(
  'DynamoDbReencryptionProgress',
  async () => new DynamoDbReencryptionProgress(tables.client, await tables.create()),
);
