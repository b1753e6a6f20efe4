// SPDX-License-Identifier: Apache-2.0
// KMS calls through the gateway reach rules on the default bus as CloudTrail events, as on AWS.
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  KMSClient,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';
import { until } from '#scripts/local/waiting.ts';
import { received, sqs } from './sqs.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ directory: '.local-cloudtrail', app: null });
}, 240_000);
afterAll(() => stack?.stop());

const endpoint = () => stack.info.gatewayUrl.replace('localhost', '127.0.0.1');
const config = () => ({
  endpoint: endpoint(),
  region: stack.info.region,
  credentials: ROOT_KEY,
  maxAttempts: 1,
});

/** A queue behind a rule for KMS events; answers a reader of those that came. What is left of an earlier run has other names. */
async function queueBehindRule(
  state: string,
  eventNames: readonly string[],
  type = 'AWS API Call via CloudTrail',
) {
  const name = `keyturn-${crypto.randomUUID()}`;
  const { QueueUrl } = await sqs<{ QueueUrl: string }>(endpoint(), 'CreateQueue', {
    QueueName: name,
  });
  const Arn = `arn:aws:sqs:${stack.info.region}:000000000000:${name}`;
  const events = new EventBridgeClient(config());
  const EventPattern = JSON.stringify({
    source: ['aws.kms'],
    'detail-type': [type],
    detail: { eventSource: ['kms.amazonaws.com'], eventName: eventNames },
  });
  const State = state as 'ENABLED';
  await events.send(new PutRuleCommand({ Name: name, EventPattern, State }));
  await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: 'queue', Arn }] }));
  return async () => {
    const messages = await received(endpoint(), QueueUrl);
    return messages.map(({ Body }) => JSON.parse(Body));
  };
}

it('a rule for all management events gets an Encrypt; an ordinary one gets changes only', async () => {
  const calls = ['Encrypt', 'DisableKey'];
  const all = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
  const everything = await queueBehindRule(all, calls);
  const changes = await queueBehindRule('ENABLED', calls);
  const kms = new KMSClient({ ...config(), customUserAgent: 'consumer' });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const { KeyId, Arn } = KeyMetadata ?? {};

  await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('canary') }));
  await kms.send(new DisableKeyCommand({ KeyId }));

  const seen: { detail: Record<string, unknown> }[] = [];
  const arrived = async () => {
    seen.push(...(await everything()));
    return seen.length >= 2;
  };
  await until(arrived, { timeoutSeconds: 20, what: 'two events' });
  expect(seen[0]).toMatchObject({
    source: 'aws.kms',
    'detail-type': 'AWS API Call via CloudTrail',
    account: '000000000000',
    region: stack.info.region,
    detail: {
      eventName: 'Encrypt',
      userIdentity: { type: 'Root' },
      userAgent: expect.stringContaining('consumer'),
      resources: [{ ARN: Arn }],
      requestParameters: { keyId: KeyId },
    },
  });
  expect(JSON.stringify(seen)).not.toContain('canary');
  expect(seen[1]?.detail).toMatchObject({ eventName: 'DisableKey', readOnly: false });
  expect(await changes()).toMatchObject([{ detail: { eventName: 'DisableKey' } }]);
});

it("KMS's own acts have a type of their own", async () => {
  const acts = await queueBehindRule('ENABLED', ['RotateKey'], 'AWS Service Event via CloudTrail');
  const kms = new KMSClient(config());
  const { KeyId } = (await kms.send(new CreateKeyCommand({}))).KeyMetadata ?? {};
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));

  const seen: { detail: Record<string, unknown> }[] = [];
  // A rotation is completed by whoever finds the key first.
  const arrived = async () => {
    await kms.send(new DescribeKeyCommand({ KeyId }));
    seen.push(...(await acts()));
    return seen.length > 0;
  };
  await until(arrived, { timeoutSeconds: 20, what: 'the rotation' });
  expect(seen[0]?.detail).toMatchObject({
    eventType: 'AwsServiceEvent',
    serviceEventDetails: { rotationType: 'ON_DEMAND' },
  });
});
