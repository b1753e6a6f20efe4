// SPDX-License-Identifier: Apache-2.0
// Objects in S3 as sources, on the AWS emulator: what of an object changes, what stays, and who wins a race.
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { S3Envelopes, S3Objects } from '#adapters/sources/s3-objects.ts';
import { describeSource } from '#test/adapters/contract/ciphertext-source.contract.ts';
import { startTables, type TestTables } from '#test/support/table.ts';

const ARN = 'arn:aws:kms:us-east-1:000000000000:key/';
let tables: TestTables;
let s3: S3Client;
let bucket: string;
let buckets = 0;

beforeAll(async () => {
  tables = await startTables();
  const endpoint = await tables.client.config.endpoint?.();
  const { protocol, hostname, port } = endpoint ?? { protocol: '', hostname: '', port: 0 };
  s3 = new S3Client({
    endpoint: `${protocol}//${hostname}:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});
afterAll(() => tables.stop());
async function aBucket(): Promise<void> {
  buckets += 1;
  bucket = `app-${buckets}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
}
beforeEach(aBucket);

const put = (Key: string, extra: object = {}, Body = 'content') =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ...extra }));
const head = (Key: string) => s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
const bodyOf = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body?.transformToString();
const place = (prefix = '') => ({ bucketArn: `arn:aws:s3:::${bucket}`, prefix });

describeSource('S3Envelopes', async (shards) => {
  const metadata = { wrappedKeyMetadata: 'wrapped-key', contextMetadata: 'key-context' };
  // Each its own bucket: some tests of the contract open two.
  await aBucket();
  const Bucket = bucket;
  const location = { kind: 's3-envelopes', ...place(), ...metadata } as const;
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  return {
    source: new S3Envelopes(s3, {
      name: 'archive',
      shards,
      location,
    }),
    put: async (Key, text, context = {}) => {
      const Metadata = { 'wrapped-key': encoded(text), 'key-context': JSON.stringify(context) };
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: `${Key} ${text}`, Metadata }));
    },
    remove: async (Key) => void (await s3.send(new DeleteObjectCommand({ Bucket, Key }))),
    get: async (Key) => {
      try {
        const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
        return Buffer.from(Metadata?.['wrapped-key'] ?? '', 'base64').toString();
      } catch (error) {
        if (error instanceof Error && error.name === 'NotFound') return undefined;
        throw error;
      }
    },
  };
});

describe('objects that S3 encrypts', () => {
  const open = (shards = 1, prefix = '') =>
    new S3Objects(s3, {
      name: 'archive',
      shards,
      location: { kind: 's3-objects', ...place(prefix) },
    });
  const underOld = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: `${ARN}old` };

  it('are handed out with their key, each in one shard, page by page, others left out', async () => {
    for (let index = 0; index < 7; index += 1) await put(`in/${index}`, underOld);
    await put('in/plain');
    await put('out/0', underOld);
    const found: string[] = [];
    for (const shard of [0, 1]) {
      let cursor: string | null = null;
      do {
        const page = await open(2, 'in/').readPage(shard, cursor, 3);
        found.push(...page.items.map(({ id }) => id));
        for (const item of page.items) expect(item).toMatchObject({ keyId: 'old' });
        cursor = page.cursor;
      } while (cursor !== null);
    }

    expect(found.sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `in/${index}`));
  });

  it('are copied onto themselves under the new key, content and metadata kept', async () => {
    await put('a', { ...underOld, Metadata: { owner: 'olga' } });
    const source = open();
    const [item] = (await source.readPage(0, null, 10)).items;
    if (!item) throw new Error('no item');

    expect(await source.replace(item, { keyArn: `${ARN}new` })).toBe(true);
    expect(await head('a')).toMatchObject({
      SSEKMSKeyId: `${ARN}new`,
      Metadata: { owner: 'olga' },
    });
    expect(await bodyOf('a')).toBe('content');
  });

  it('stay as the application wrote them meanwhile, or gone', async () => {
    await put('a', underOld);
    await put('b', underOld);
    const source = open();
    const { items } = await source.readPage(0, null, 10);
    await put('a', underOld, 'newer');
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'b' }));

    for (const item of items) {
      expect(await source.replace(item, { keyArn: `${ARN}new` })).toBe(false);
    }
    expect(await bodyOf('a')).toBe('newer');
  });
});

describe('objects that a client encrypted', () => {
  const open = () =>
    new S3Envelopes(s3, {
      name: 'envelopes',
      shards: 1,
      location: {
        kind: 's3-envelopes',
        ...place(),
        wrappedKeyMetadata: 'data-key',
        contextMetadata: 'context',
      },
    });
  const metadata = (key: string, context = '{"order":"7"}') => ({
    Metadata: { 'data-key': Buffer.from(key).toString('base64'), context, other: 'kept' },
    ContentType: 'text/plain',
  });

  it('hand out the wrapped key with its context, and take a new one; the rest stays', async () => {
    await put('a', metadata('old'));
    await put('none');
    const source = open();
    const { items } = await source.readPage(0, null, 10);
    const [item] = items;
    if (!item) throw new Error('no item');

    expect(items).toHaveLength(1);
    expect(item).toMatchObject({ parts: [{ context: { order: '7' } }] });
    expect(await source.replace(item, { ciphertexts: [Buffer.from('new')] })).toBe(true);
    expect(await head('a')).toMatchObject({ ...metadata('new') });
    expect(await bodyOf('a')).toBe('content');
  });

  it('are defects when their context cannot be read', async () => {
    await put('a', metadata('old', 'no json'));

    const [item] = (await open().readPage(0, null, 10)).items;
    expect(item).toMatchObject({ id: 'a', defect: expect.stringContaining('context') });
  });
});
