// SPDX-License-Identifier: Apache-2.0
// The fixture's stream: an item `in-ID` makes its consumer write `out-ID`.
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { until } from '#scripts/local/waiting.ts';
import type { Fixture } from './fixture.ts';

/** Writes the item that the stream's filter lets through. */
export async function putIn(fixture: Fixture, id: string): Promise<void> {
  const TableName = fixture.output('TableName');
  const Item = { pk: { S: `in-${id}` } };
  await fixture.clients().dynamodb.send(new PutItemCommand({ TableName, Item }));
}

/** True once the consumer has written its item. */
export function arrivalOf(fixture: Fixture, id: string): Promise<boolean> {
  const TableName = fixture.output('TableName');
  const command = new GetItemCommand({ TableName, Key: { pk: { S: `out-${id}` } } });
  const arrived = async () => {
    const { Item } = await fixture.clients().dynamodb.send(command);
    return Item !== undefined;
  };
  return until(arrived, { timeoutSeconds: 15, what: 'the stream consumer' });
}
