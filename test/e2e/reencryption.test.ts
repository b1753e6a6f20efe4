// SPDX-License-Identifier: Apache-2.0
// Stored ciphertexts through the front door: a table under writing applications is re-encrypted while the worker's
// processes are killed, objects in S3 and items behind their owner's endpoint too, and the old version is found ready to be destroyed on that evidence alone.
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { createLocalJWKSet } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { canonicalHash } from '#core/crypto/hashing.ts';
import { layoutOf } from '#scripts/local/layout.ts';
import { until } from '#scripts/local/waiting.ts';
import { processesOf, signal } from '#test/crash/processes.ts';
import { SourceEndpoint } from '#test/support/source-endpoint.ts';
import { activeKey, ended, person, ROOT_CREDENTIALS, ranToEnd, workload } from './scene.ts';

const ITEMS = 150;
const SINGLE = { maxAttempts: 5, credentials: ROOT_CREDENTIALS };

let operator: Client;
let api: Client;
let name: string;
let table: string;
let rows: DynamoDBDocumentClient;
let objects: S3Client;
let bucket: string;

/** Items of another application, which keeps them in a store of its own. */
const CUSTOMERS = Array.from({ length: 12 }, (_, index) => `customer-${index}`);
/** Written again in the moment in which its old ciphertext was to be replaced. */
const BUSY = 'customer-3';
let crm: SourceEndpoint;

async function writeCustomer(id: string, text: string): Promise<void> {
  const context = { customer: id };
  const { body } = await api.encrypt(name, { plaintext: bytes(text), context });
  crm.put(id, [Buffer.from(body.ciphertext, 'base64')], context);
}

async function readCustomer(id: string): Promise<{ text: string; version: number }> {
  const { ciphertexts, context = {} } = crm.rows.get(id) ?? { ciphertexts: [] };
  const { body } = await api.decrypt(name, { ciphertext: ciphertexts[0] ?? '', context });
  return { text: Buffer.from(body.plaintext, 'base64').toString(), version: body.version };
}

const bytes = (text: string) => Buffer.from(text).toString('base64');

/** Writes an item as the application does: encrypted under the current version, bound to its id. */
async function write(id: string, text: string): Promise<void> {
  const context = { order: id };
  const { body } = await api.encrypt(name, { plaintext: bytes(text), context });
  await rows.send(new PutCommand({ TableName: table, Item: { id, card: body.ciphertext } }));
}

async function read(id: string): Promise<{ text: string; version: number }> {
  const { Item } = await rows.send(
    new GetCommand({ TableName: table, Key: { id }, ConsistentRead: true }),
  );
  const ciphertext = String(Item?.['card']);
  const { body } = await api.decrypt(name, { ciphertext, context: { order: id } });
  return { text: Buffer.from(body.plaintext, 'base64').toString(), version: body.version };
}

async function keyIdOf(key: string): Promise<string> {
  const head = await objects.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  return String(head.SSEKMSKeyId).split('/').at(-1) ?? '';
}

const ids = Array.from({ length: ITEMS }, (_, index) => `order-${index}`);
const inParallel = async (all: readonly string[], act: (id: string) => Promise<unknown>) => {
  const pending = [...all];
  const worker = async () => {
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) await act(id);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
};

beforeAll(async () => {
  const { gatewayUrl, region } = inject('stack');
  operator = await person('alice');
  api = (await workload()).api;
  const dynamodb = new DynamoDBClient({ endpoint: gatewayUrl, region, ...SINGLE });
  rows = DynamoDBDocumentClient.from(dynamodb);
  objects = new S3Client({ endpoint: gatewayUrl, region, forcePathStyle: true, ...SINGLE });
  name = await activeKey(operator, 'stored');
  table = `app-${name}`;
  bucket = `app-${name}`;
  await dynamodb.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await objects.send(new CreateBucketCommand({ Bucket: bucket }));
  await inParallel(ids, (id) => write(id, `card of ${id}`));
  const [first] = (await operator.listVersions(name)).body.items;
  await objects.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: 'archive/a.bin',
      Body: 'archived',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: first?.keyArn ?? '',
    }),
  );
  await operator.putSource(
    { key: name, source: 'cards' },
    {
      location: {
        kind: 'dynamodb',
        tableArn: `arn:aws:dynamodb:${region}:${inject('stack').account}:table/${table}`,
        ciphertextAttributes: ['card'],
        context: { order: { attribute: 'id' } },
      },
      shards: 2,
      copies: [],
    },
  );
  await operator.putSource(
    { key: name, source: 'archive' },
    {
      location: { kind: 's3-objects', bucketArn: `arn:aws:s3:::${bucket}`, prefix: 'archive/' },
      shards: 1,
      copies: [],
    },
  );
  crm = new SourceEndpoint(createLocalJWKSet((await operator.getNoticeKeys()).body), () =>
    Math.floor(Date.now() / 1000),
  );
  await crm.listen();
  for (const id of CUSTOMERS) await writeCustomer(id, `phone of ${id}`);
  await operator.putSource(
    { key: name, source: 'crm' },
    { location: { kind: 'webhook', url: crm.url }, shards: 1, copies: [] },
  );
  const rotation = await operator.startRotation(name);
  expect((await ended(operator, rotation.body.operationId)).state).toBe('done');
});

afterAll(() => crm.close());

describe('re-encryption under writing applications, its workers killed', () => {
  let operationId: string;
  const written = new Map<string, string>();
  const errors: unknown[] = [];

  beforeAll(async () => {
    let isOver = false;
    const writer = async (seat: number) => {
      for (let round = 0; !isOver; round += 1) {
        const id = `order-${(round * 7 + seat * 13) % ITEMS}`;
        if (Number(id.slice(6)) % 3 !== seat % 3) continue;
        const text = `written by ${seat} in round ${round}`;
        await write(id, text).then(
          () => written.set(id, text),
          (error: unknown) => errors.push(error),
        );
      }
    };
    const writers = [0, 1, 2].map(writer);
    const fresh = await api.encrypt(name, {
      plaintext: bytes('a new phone'),
      context: { customer: BUSY },
    });
    crm.beforeReplace = (id) => {
      if (id !== BUSY) return;
      crm.put(id, [Buffer.from(fresh.body.ciphertext, 'base64')], { customer: id });
      crm.beforeReplace = () => {};
    };
    const { temporary } = layoutOf(inject('directory'));
    const started = await operator.startReencryption(name);
    operationId = started.body.operationId;
    let kills = 0;
    await until(
      async () => {
        if (kills < 4) {
          const killed = processesOf('keyturn-local-reencrypt', temporary).filter((pid) =>
            signal(pid, 'SIGKILL'),
          );
          kills += killed.length > 0 ? 1 : 0;
        }
        return (await operator.getOperation(operationId)).body.state !== 'running';
      },
      { timeoutSeconds: 180, what: 'the end of the re-encryption' },
    );
    isOver = true;
    await Promise.all(writers);
    expect(kills).toBeGreaterThan(0);
  });

  it('ends, with every ciphertext under the new version and nothing dead', async () => {
    const operation = (await operator.getOperation(operationId)).body;
    const progress = (await operator.getReencryption(name)).body;

    expect(operation).toMatchObject({ kind: 'reencrypt', state: 'done', cause: null });
    expect(progress).toMatchObject({ state: 'idle', deadItems: [] });
    const { items } = (await operator.listSources(name)).body;
    expect(items.map(({ name: source, count }) => [source, count?.byVersion, count?.dead])).toEqual(
      [
        ['archive', { 2: 1 }, 0],
        ['cards', { 2: ITEMS }, 0],
        ['crm', { 2: CUSTOMERS.length }, 0],
      ],
    );
  });

  it('loses nothing: each item is what was written last, readable, under the current version', async () => {
    expect(errors).toEqual([]);
    await inParallel(ids, async (id) => {
      expect(await read(id)).toEqual({ text: written.get(id) ?? `card of ${id}`, version: 2 });
    });
  });

  it('moves what lies behind the endpoint of its owner, who verified every call and wrote on', async () => {
    for (const id of CUSTOMERS) {
      const text = id === BUSY ? 'a new phone' : `phone of ${id}`;
      expect(await readCustomer(id)).toEqual({ text, version: 2 });
    }
    expect(crm.refused).toBe(0);
  });

  it('moves the object in S3 to the new key, its content unchanged', async () => {
    const versions = (await operator.listVersions(name)).body.items;
    const { Body } = await objects.send(
      new GetObjectCommand({ Bucket: bucket, Key: 'archive/a.bin' }),
    );

    expect(await keyIdOf('archive/a.bin')).toBe(versions[1]?.keyId);
    expect(await Body?.transformToString()).toBe('archived');
  });

  it('opens the retire gate on that evidence, which is stored; a hold closes it again', async () => {
    const target = { key: name, version: 1 };
    await operator.putHold({ key: name, hold: 'lawsuit' }, { reason: 'case 4711' });
    const held = (await operator.retireVersion(target)).body;
    expect(held.conditions.filter(({ isMet }) => !isMet)).toMatchObject([{ name: 'no-hold' }]);
    await operator.deleteHold({ key: name, hold: 'lawsuit' });

    const { body } = await operator.retireVersion(target);
    expect(body.conditions.filter(({ isMet }) => !isMet)).toEqual([]);
    const [old] = (await operator.listVersions(name)).body.items;
    expect(old).toMatchObject({
      state: 'deactivated',
      substate: 'ready-to-destroy',
      retirement: body.evidence,
    });
    const stored = await objects.send(
      new GetObjectCommand({
        Bucket: inject('stack').evidenceBucket ?? '',
        Key: body.evidence?.object ?? '',
      }),
    );
    expect(canonicalHash(JSON.parse((await stored.Body?.transformToString()) ?? ''))).toBe(
      body.evidence?.digest,
    );
  });

  it('is marked by the look of every day too, after a hold took the mark back', async () => {
    await operator.putHold({ key: name, hold: 'audit' }, { reason: 'audit of the year' });
    const substate = async () => (await operator.listVersions(name)).body.items[0]?.substate;
    expect(await substate()).toBeNull();
    await operator.deleteHold({ key: name, hold: 'audit' });

    expect(await ranToEnd('review-policies')).toBe('SUCCEEDED');
    expect(await substate()).toBe('ready-to-destroy');
  });
});
