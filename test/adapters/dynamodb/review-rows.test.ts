// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll } from 'vitest';
import { DynamoDbLedger } from '#adapters/dynamodb/ledger.ts';
import { DynamoDbReviewRows } from '#adapters/dynamodb/review-rows.ts';
import { DynamoDbScopeRows } from '#adapters/dynamodb/scope-rows.ts';
import { describeReviewRows } from '#test/adapters/contract/review-rows.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeReviewRows('DynamoDbReviewRows', async () => {
  const place = [tables.client, await tables.create()] as const;
  return {
    ledger: new DynamoDbLedger(...place),
    reviews: new DynamoDbReviewRows(...place),
    scopes: new DynamoDbScopeRows(...place),
  };
});
