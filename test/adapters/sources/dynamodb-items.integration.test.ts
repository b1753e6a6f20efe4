// SPDX-License-Identifier: Apache-2.0
// Ciphertexts in a table of an application, on the AWS emulator: base64 text and bytes, beside what the item holds else.
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoDbItems } from '#adapters/sources/dynamodb-items.ts';
import { describeSource } from '#test/adapters/contract/ciphertext-source.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

let tables: TestTables;
let made = 0;

beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

/** A table of its own, with items by id. */
async function aTable(): Promise<string> {
  made += 1;
  const TableName = `app-${made}`;
  await tables.client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  return TableName;
}

function itemsOf(TableName: string, ciphertextAttributes: readonly string[], shards = 1) {
  return new DynamoDbItems(tables.client, {
    name: 'cards',
    shards,
    location: {
      kind: 'dynamodb',
      tableArn: `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`,
      ciphertextAttributes: [...ciphertextAttributes],
      context: { item: { attribute: 'id' } },
    },
  });
}

describe.each<[string, (text: string) => unknown, (value: unknown) => string]>([
  [
    'base64 text',
    (text) => Buffer.from(text).toString('base64'),
    (value) => Buffer.from(String(value), 'base64').toString(),
  ],
  ['bytes', (text) => Buffer.from(text), (value) => Buffer.from(value as Uint8Array).toString()],
])('with ciphertexts as %s', (form, toValue, toText) => {
  describeSource(`DynamoDbItems of ${form}`, async (shards) => {
    const TableName = await aTable();
    return {
      source: itemsOf(TableName, ['card'], shards),
      put: async (id, text) => {
        const Item = { id, card: toValue(text), amount: 12 };
        await tables.client.send(new PutCommand({ TableName, Item }));
      },
      remove: async (id) => {
        await tables.client.send(new DeleteCommand({ TableName, Key: { id } }));
      },
      get: async (id) => {
        const { Item } = await tables.client.send(new GetCommand({ TableName, Key: { id } }));
        return Item && toText(Item['card']);
      },
    };
  });
});

describe('an item of a table', () => {
  it('keeps what else it holds, and a ciphertext that was not replaced', async () => {
    const TableName = await aTable();
    const source = itemsOf(TableName, ['card', 'address']);
    const Item = { id: 'a', card: Buffer.from('old'), address: Buffer.from('kept'), amount: 12 };
    await tables.client.send(new PutCommand({ TableName, Item }));
    const [item] = (await source.readPage(0, null, 10)).items;
    if (!item) throw new Error('no item');

    expect(await source.replace(item, { ciphertexts: [Buffer.from('new'), null] })).toBe(true);
    const found = await tables.client.send(new GetCommand({ TableName, Key: { id: 'a' } }));
    expect(found.Item).toEqual({
      id: 'a',
      card: new Uint8Array(Buffer.from('new')),
      address: new Uint8Array(Buffer.from('kept')),
      amount: 12,
    });
  });
});
