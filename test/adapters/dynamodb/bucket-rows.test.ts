// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoDbBucketRows } from '#adapters/dynamodb/bucket-rows.ts';
import { describeRateBudget } from '#test/adapters/contract/rate-budget.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

describeRateBudget(
  'DynamoDbBucketRows',
  async () => new DynamoDbBucketRows(tables.client, await tables.create()),
);

describe('DynamoDbBucketRows alone', () => {
  it('says that the table failed when there is none', async () => {
    const rows = new DynamoDbBucketRows(tables.client, 'no-such-table');
    const unused = { routineUntil: 0, priorityUntil: 0 };
    const failure = expect.objectContaining({ name: 'DependencyUnavailable' });

    await expect(rows.read('CreateKey')).rejects.toEqual(failure);
    await expect(rows.replace('CreateKey', unused, unused)).rejects.toEqual(failure);
  });
});
