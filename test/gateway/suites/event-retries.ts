// SPDX-License-Identifier: Apache-2.0
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { until } from '#scripts/local/waiting.ts';
import type { Fixture, Suite } from '../fixture.ts';
import { received } from '../sqs.ts';

async function put(fixture: Fixture, detail: object): Promise<void> {
  const { gatewayUrl, region } = fixture.stack.info;
  const endpoint = gatewayUrl.replace('localhost', '127.0.0.1');
  const client = new EventBridgeClient({ endpoint, region, credentials: ROOT_KEY });
  const entry = { Source: 'fixture', DetailType: 'retried', Detail: JSON.stringify(detail) };
  await client.send(new PutEventsCommand({ Entries: [entry] }));
}

const receive = (fixture: Fixture) =>
  received(fixture.stack.info.gatewayUrl, fixture.output('FailedEventsUrl'), {
    VisibilityTimeout: 0,
  });

export const eventRetries: Suite = (fixture) =>
  describe('an event of a rule', () => {
    it('reaches a function again that failed', async () => {
      const pk = crypto.randomUUID();
      await put(fixture(), { action: 'throw-once', pk });

      const Key = { pk: { S: `survived-${pk}` } };
      const TableName = fixture().output('TableName');
      const { dynamodb } = fixture().clients();
      await until(async () => (await dynamodb.send(new GetItemCommand({ TableName, Key }))).Item, {
        timeoutSeconds: 20,
        what: 'the second try',
      });
      expect((await receive(fixture())).some(({ Body }) => Body.includes(pk))).toBe(false);
    });

    it('waits in the queue of the function that fails for good', async () => {
      const pk = crypto.randomUUID();
      await put(fixture(), { action: 'throw', pk });

      const message = await until(
        async () => (await receive(fixture())).find(({ Body }) => Body.includes(pk)),
        { timeoutSeconds: 20, what: 'the event to be given up' },
      );
      expect(JSON.parse(message.Body)).toMatchObject({
        requestContext: { condition: 'RetriesExhausted' },
        requestPayload: { action: 'throw', pk },
        responsePayload: { errorType: 'KeyIsBusy' },
      });
    });
  });
