// SPDX-License-Identifier: Apache-2.0
// What the bus tells whoever listens with a rule of their own: events of keys, and of what is no key.
import {
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { until } from '#scripts/local/waiting.ts';
import { received, sqs } from '#test/gateway/sqs.ts';
import { activeKey, ended, freshName, keyRequest, person, ROOT_CREDENTIALS } from './scene.ts';

const NAME = freshName('listener');
const { gatewayUrl, region, account, eventBusName } = inject('stack');
const EventBusName = eventBusName ?? '';
const queueArn = `arn:aws:sqs:${region}:${account}:${NAME}`;
const events = new EventBridgeClient({
  endpoint: gatewayUrl,
  region,
  credentials: ROOT_CREDENTIALS,
});

let QueueUrl: unknown;
beforeAll(async () => {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
      },
    ],
  });
  const queue = { QueueName: NAME, Attributes: { Policy } };
  ({ QueueUrl } = await sqs<{ QueueUrl: string }>(gatewayUrl, 'CreateQueue', queue));
  const EventPattern = JSON.stringify({ source: ['keyturn'] });
  await events.send(new PutRuleCommand({ Name: NAME, EventBusName, EventPattern }));
  const Targets = [{ Id: 'queue', Arn: queueArn }];
  await events.send(new PutTargetsCommand({ Rule: NAME, EventBusName, Targets }));
});
afterAll(async () => {
  await events.send(new RemoveTargetsCommand({ Rule: NAME, EventBusName, Ids: ['queue'] }));
});

interface Told {
  readonly 'detail-type': string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const heard: Told[] = [];
/** Waits until an event of this type and with this member was told. */
async function told(type: string, member: object): Promise<Told> {
  return until<Told>(
    async () => {
      for (const { Body } of await received(gatewayUrl, QueueUrl))
        heard.push(JSON.parse(Body) as Told);
      return heard.find(
        (event) =>
          event['detail-type'] === type &&
          Object.entries(member).every(([name, value]) => event.detail[name] === value),
      );
    },
    { timeoutSeconds: 60, what: `${type} to be told` },
  );
}

it('tells of a key', async () => {
  const key = await activeKey(await person('alice'), 'told');

  expect(await told('key.created', { key })).toBeDefined();
});

it('tells of an incident', async () => {
  const alice = await person('alice');
  const { body } = await alice.openIncident({
    title: 'a listener is to hear of it',
    type: 'leaked-credential',
  });

  expect(await told('incident.opened', { incidentId: body.id })).toBeDefined();
});

it('tells of keys that are stopped together', async () => {
  const alice = await person('alice');
  const host = `${freshName('till')}.example.com`;
  const scope = { kind: 'host', value: host } as const;
  const { body: made } = await alice.createKey({ ...keyRequest(freshName('stopped')), host });
  await ended(alice, made.operationId);
  // The index lags behind, and a scope without keys is refused.
  const asked = await until(
    () => alice.containScope({ scope, kind: 'suspension', reason: 'a test' }).catch(() => null),
    { timeoutSeconds: 30, what: `a key of ${host}` },
  );
  const containment = asked?.body.containmentId;

  const suspending = await told('scope.suspending', { containment });
  expect(suspending.detail).toMatchObject({ key: null, scope: 'host', value: host, keys: 1 });
  expect((await told('scope.contained', { containment })).detail).toMatchObject({ contained: 1 });
});
