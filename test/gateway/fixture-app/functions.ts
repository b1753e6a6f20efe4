// SPDX-License-Identifier: Apache-2.0
// The functions of the fixture app. `probe` does what its event's `action` says, under its own role.
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';

const dynamodb = new DynamoDBClient({});
const kms = new KMSClient({});
const table = process.env['TABLE_NAME'];

interface Event {
  readonly action?: string;
  readonly pk?: string;
  readonly keyId?: string;
  readonly httpMethod?: string;
  readonly requestContext?: { readonly identity?: unknown; readonly authorizer?: unknown };
}

class KeyIsBusy extends Error {
  override readonly name = 'KeyIsBusy';
}

/** True for the first caller with this name only. */
async function isFirst(pk: string): Promise<boolean> {
  const input = {
    TableName: table,
    Item: { pk: { S: pk } },
    ConditionExpression: 'attribute_not_exists(pk)',
  };
  try {
    await dynamodb.send(new PutItemCommand(input));
    return true;
  } catch (error) {
    if ((error as Error).name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

export async function probe(event: Event): Promise<unknown> {
  const KeyId = event.keyId ?? process.env['KEY_ARN'];
  if (event.httpMethod !== undefined) {
    const { identity, authorizer } = event.requestContext ?? {};
    return { statusCode: 200, body: JSON.stringify({ identity, authorizer }) };
  }
  switch (event.action) {
    case 'describe':
      return (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
    case 'encrypt': {
      const answer = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
      return { keyId: answer.KeyId };
    }
    case 'throw':
      throw new KeyIsBusy('somebody else has the lease');
    case 'throw-once':
      if (await isFirst(`threw-${event.pk}`)) throw new KeyIsBusy('the first try fails');
      return { survived: await isFirst(`survived-${event.pk}`) };
    case 'die-once':
      if (await isFirst(`died-${event.pk}`)) process.kill(process.pid, 'SIGKILL');
      return { survived: true };
    case 'environment':
      return Object.keys(process.env).sort();
    default:
      return { event };
  }
}

export async function streamed(event: {
  Records: { dynamodb: { Keys: { pk: { S: string } } } }[];
}): Promise<void> {
  for (const { dynamodb: change } of event.Records) {
    const Item = { pk: { S: change.Keys.pk.S.replace(/^in-/, 'out-') } };
    await dynamodb.send(new PutItemCommand({ TableName: table, Item }));
  }
}

export async function authorize(event: { authorizationToken: string; methodArn: string }) {
  if (event.authorizationToken !== 'Bearer good') throw new Error('Unauthorized');
  const Statement = [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: event.methodArn }];
  return {
    principalId: 'u_alice',
    policyDocument: { Version: '2012-10-17', Statement },
    context: { groups: 'operators' },
  };
}
