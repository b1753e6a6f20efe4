// SPDX-License-Identifier: Apache-2.0
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyItem } from '#adapters/dynamodb/items.ts';
import { DynamoDbLedger } from '#adapters/dynamodb/ledger.ts';
import { describeApprovals } from '#test/adapters/contract/approvals.contract.ts';
import { describeElevations } from '#test/adapters/contract/elevations.contract.ts';
import { describeEscrowRecords } from '#test/adapters/contract/escrow.contract.ts';
import { describeLedger } from '#test/adapters/contract/ledger.contract.ts';
import { describeLedgerLists } from '#test/adapters/contract/ledger-lists.contract.ts';
import { describePasskeys } from '#test/adapters/contract/passkeys.contract.ts';
import { describeReencryptionRecords } from '#test/adapters/contract/reencryption.contract.ts';
import { aCreation, aKey } from '#test/support/records.ts';
import { startTables, type TestTables } from '#test/support/table.ts';
import { describeRecoveries } from '../contract/recoveries.contract.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

const fresh = async () => new DynamoDbLedger(tables.client, await tables.create());
describeLedger('DynamoDbLedger', fresh);
describeApprovals('DynamoDbLedger', fresh);
describeElevations('DynamoDbLedger', fresh);
describePasskeys('DynamoDbLedger', fresh);
describeRecoveries('DynamoDbLedger', fresh);
describeEscrowRecords('DynamoDbLedger', fresh);
describeReencryptionRecords('DynamoDbLedger', fresh);
describeLedgerLists(
  'DynamoDbLedger',
  async () => new DynamoDbLedger(tables.client, await tables.create()),
);

describe('DynamoDbLedger alone', () => {
  it('says that the table failed when there is none', async () => {
    const ledger = new DynamoDbLedger(tables.client, 'no-such-table');

    await expect(ledger.readKeyRecord('orders')).rejects.toMatchObject({
      name: 'DependencyUnavailable',
    });
  });

  it('gives only idempotency rows a time to live', async () => {
    const name = await tables.create();
    const idempotency = { scope: 's', bodyHash: 'b', operationId: 'o', expiresAtEpochSeconds: 7 };
    await new DynamoDbLedger(tables.client, name).commit(aCreation(aKey(), { idempotency }));
    const row = await tables.client.send(
      new GetCommand({ TableName: name, Key: { pk: 'idempotency#s', sk: 'meta' } }),
    );

    expect(row.Item?.['expiresAtEpochSeconds']).toBe(7);
    expect(keyItem(aKey())).not.toHaveProperty('expiresAtEpochSeconds');
  });
});
