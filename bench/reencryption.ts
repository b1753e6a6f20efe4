// SPDX-License-Identifier: Apache-2.0
// `reencryption`: stored ciphertexts of an application's table brought under a new version by the deployed workers, beside
// bare ReEncrypt calls of the same ciphertexts by as many callers at the same endpoint in the same run.
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EncryptCommand, type KMSClient, ReEncryptCommand } from '@aws-sdk/client-kms';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { kmsAs, workloadCredentials } from '#scripts/local/story/actors.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { until } from '#scripts/local/waiting.ts';
import { each, type MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';

const NAME = 'reencryption';
const WORKLOAD = 'orders-api';
/** Workers at once, and callers of the bare calls. */
const SHARDS = 4;
const BATCH = 25;
/** Different ciphertexts; the items repeat them, each with its context. */
const DISTINCT = 200;

const chunks = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );

async function activeKey({ operator, stack }: MeasuredStack): Promise<string> {
  const name = `bench-stored-${Date.now().toString(36)}`;
  const { body } = await operator.createKey({
    name,
    class: 'test',
    owner: 'payments',
    purpose: 'bench',
    environment: 'development',
    access: [{ principal: stack.info.roles[WORKLOAD] ?? '', rights: ['encrypt', 'decrypt'] }],
  });
  const { state, cause } = await watch(operator, body.operationId, () => {});
  if (state !== 'done') throw new Error(`${name} was not generated: ${cause}`);
  return name;
}

interface Stored {
  readonly order: string;
  readonly ciphertext: Uint8Array;
}

async function ciphertextsOf(kms: KMSClient, alias: string): Promise<readonly Stored[]> {
  const stored: Stored[] = [];
  await each(
    Array.from({ length: DISTINCT }, (_, index) => `order-${index}`),
    async (order) => {
      const { CiphertextBlob = new Uint8Array() } = await kms.send(
        new EncryptCommand({
          KeyId: alias,
          Plaintext: Buffer.from(`card of ${order}`),
          EncryptionContext: { order },
        }),
      );
      stored.push({ order, ciphertext: CiphertextBlob });
    },
  );
  return stored;
}

async function fillTable(
  measured: MeasuredStack,
  table: string,
  stored: readonly Stored[],
  count: number,
) {
  const { gatewayUrl: endpoint, region } = measured.stack.info;
  const client = new DynamoDBClient({ endpoint, region, credentials: ROOT_KEY });
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  const rows = DynamoDBDocumentClient.from(client);
  const items = Array.from({ length: count }, (_, index) => {
    const { order, ciphertext } = stored[index % stored.length] ?? {
      order: '',
      ciphertext: new Uint8Array(),
    };
    return { id: `item-${index}`, order, card: Buffer.from(ciphertext).toString('base64') };
  });
  await each(chunks(items, BATCH), async (batch) => {
    const RequestItems = { [table]: batch.map((Item) => ({ PutRequest: { Item } })) };
    await rows.send(new BatchWriteCommand({ RequestItems }));
  });
}

/** Bare ReEncrypt of the same ciphertexts. @returns calls a second */
async function bareRate(
  { stack }: MeasuredStack,
  stored: readonly Stored[],
  { keyId, count }: { keyId: string; count: number },
): Promise<number> {
  const kms = kmsAs(stack.info, await workloadCredentials(stack.info, WORKLOAD));
  const numbers = Array.from({ length: count }, (_, index) => index).values();
  const began = performance.now();
  const caller = async () => {
    for (const number of numbers) {
      const one = stored[number % stored.length];
      if (!one) return;
      const context = { order: one.order };
      await kms.send(
        new ReEncryptCommand({
          CiphertextBlob: one.ciphertext,
          SourceEncryptionContext: context,
          DestinationEncryptionContext: context,
          DestinationKeyId: keyId,
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: SHARDS }, caller));
  return count / ((performance.now() - began) / 1000);
}

/** Re-encrypts a table of as many items as asked. */
export async function measureReencryption(
  measured: MeasuredStack,
  report: Report,
  count: number,
): Promise<void> {
  const { operator, stack } = measured;
  const name = await activeKey(measured);
  const credentials = await workloadCredentials(stack.info, WORKLOAD);
  const { alias } = (await operator.getKey(name)).body;
  const stored = await ciphertextsOf(kmsAs(stack.info, credentials), alias ?? '');
  const table = `app-${name}`;
  await fillTable(measured, table, stored, count);
  await operator.putSource(
    { key: name, source: 'cards' },
    {
      location: {
        kind: 'dynamodb',
        tableArn: `arn:aws:dynamodb:${stack.info.region}:${stack.info.account}:table/${table}`,
        ciphertextAttributes: ['card'],
        context: { order: { attribute: 'order' } },
      },
      shards: SHARDS,
      copies: [],
    },
  );
  const rotation = await operator.startRotation(name);
  await watch(operator, rotation.body.operationId, () => {});
  const versions = (await operator.listVersions(name)).body.items;
  const keyId = versions.find(({ version }) => version === 2)?.keyId ?? '';
  const bare = await bareRate(measured, stored, { keyId, count: Math.min(count, 5000) });
  const began = performance.now();
  const started = await operator.startReencryption(name);
  const { state, cause } = await until(
    async () => {
      const { body } = await operator.getOperation(started.body.operationId);
      return (body.state === 'done' || body.state === 'compensated') && body;
    },
    // Seldom: each look is an invocation that the work pays for on the same two cores.
    { timeoutSeconds: 300 + count / 10, pollMilliseconds: 1000, what: `the ${count} items` },
  );
  const seconds = (performance.now() - began) / 1000;
  if (state !== 'done') throw new Error(`re-encryption of ${name}: ${state}, ${cause}`);
  const { sources } = (await operator.getReencryption(name)).body;
  report.value(`${NAME}.items`, count, 'items');
  report.value(`${NAME}.sources-counted`, sources.length, 'sources');
  report.beside(`${NAME}.rate`, count / seconds, 'items/s', bare);
  report.value(`${NAME}.wall`, seconds, 's');
}
