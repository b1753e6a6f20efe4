// SPDX-License-Identifier: Apache-2.0
// Whatever is sent, the answer is one of AWS's 4xx: never a 500, never a success that did nothing.
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '#emulator/faults/admin-routes.ts';
import { cloudHsmOperations } from '#emulator/operations/cloudhsm/table.ts';
import { kmsOperations } from '#emulator/operations/kms/table.ts';
import { createServer } from '#emulator/server.ts';
import type { Emulator } from '#emulator/settings.ts';
import { startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.stop());

async function post(target: string, body: string | Buffer) {
  const response = await fetch(emulator.url, {
    method: 'POST',
    headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Sends bytes over a connection of their own; answers all that came back when it was closed. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    // A refusal may come while bytes are still being sent.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.end(bytes);
  });
}

const targets = [
  ...[...kmsOperations.keys()].map((name) => `TrentService.${name}`),
  ...[...cloudHsmOperations.keys()].map((name) => `BaldrApiService.${name}`),
];

describe('malformed requests', () => {
  it.each([
    ['broken JSON', '{', 'SerializationException'],
    ['a list', '[]', 'SerializationException'],
    ['a wrong type', '{"KeyId": 5}', 'SerializationException'],
    ['an object for a string', '{"KeyId": {"__proto__": {"a": 1}}}', 'SerializationException'],
    ['a prototype key', '{"__proto__": {"KeyId": "x"}}', 'ValidationException'],
    [
      'a depth of 10,000',
      `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
      'SerializationException',
    ],
    [
      'a depth of 10,000 behind escaped quotes',
      `{"a":"\\\\\\"{","b":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      'SerializationException',
    ],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'SerializationException'],
    ['nothing', '', 'ValidationException'],
    ['no number', '{"KeyId": NaN}', 'SerializationException'],
    ['half a surrogate pair', '{"KeyId": "\\ud800"}', 'SerializationException'],
    ['half a pair in a name', '{"a\\udfff": 1}', 'SerializationException'],
    ['a whole surrogate pair', '{"KeyId": "\\ud83d\\ude00"}', 'NotFoundException'],
    ['the last of two members', '{"KeyId": 5, "KeyId": "b"}', 'NotFoundException'],
    ['a compressed body', gzipSync('{"KeyId":"a"}'), 'SerializationException'],
  ])('%s is refused', async (_, body, code) => {
    const answer = await post('TrentService.DescribeKey', body);

    expect(answer).toMatchObject({ status: 400, body: { __type: code } });
  });

  it('brackets inside strings are no depth', async () => {
    const body = JSON.stringify({ KeyId: `${'[{'.repeat(500)}\\"${'['.repeat(500)}` });

    expect(await post('TrentService.DescribeKey', body)).toMatchObject({
      status: 400,
      body: { __type: 'NotFoundException' },
    });
  });

  it('a number beyond all numbers is refused', async () => {
    const body = '{"KeyId": "a", "PendingWindowInDays": 1e400}';

    expect(await post('TrentService.ScheduleKeyDeletion', body)).toMatchObject({
      status: 400,
      body: { __type: 'SerializationException' },
    });
  });

  it.each([
    ['GET', undefined],
    ['PUT', 'application/x-amz-json-1.1'],
    ['POST', 'application/x-www-form-urlencoded'],
    ['POST', 'application/cbor'],
  ])('%s of %s is no operation', async (method, type) => {
    const response = await fetch(emulator.url, {
      method,
      headers: {
        'x-amz-target': 'TrentService.ListKeys',
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...(method === 'GET' ? {} : { body: new Uint8Array(Buffer.from('{}')) }),
    });

    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ __type: 'UnknownOperationException' });
  });

  it.each([
    ['headers without end', `x-a: ${'a'.repeat(600_000)}\r\n\r\n`, 431],
    ['thousands of headers', `${'x-a: a\r\n'.repeat(20_000)}\r\n`, 431],
    ['two lengths', 'content-length: 1\r\ncontent-length: 2\r\n\r\n{}', 400],
    ['a length and chunks', 'content-length: 9\r\ntransfer-encoding: chunked\r\n\r\n', 400],
  ])('%s are refused before anything else', async (_, rest, status) => {
    expect(await raw(`POST / HTTP/1.1\r\nhost: x\r\n${rest}`)).toMatch(`HTTP/1.1 ${status} `);
  });

  it('10 MB are refused with 413', async () => {
    const answer = await post('TrentService.Encrypt', Buffer.alloc(10_000_000, 0x61));

    expect(answer.status).toBe(413);
  });

  it('invalid base64 is refused', async () => {
    const answer = await post('TrentService.Decrypt', '{"CiphertextBlob": "!!!"}');

    expect(answer).toMatchObject({ status: 400, body: { __type: 'SerializationException' } });
  });

  it.each(['TrentService.Nope', 'TrentService.__proto__', 'Other.Encrypt', 'x', ''])(
    'the target %j is unknown',
    async (target) => {
      expect(await post(target, '{}')).toMatchObject({
        status: 400,
        body: { __type: 'UnknownOperationException' },
      });
    },
  );

  it('several broken constraints come in one message', async () => {
    const { body } = await post('TrentService.Encrypt', '{"KeyId": "", "Plaintext": ""}');

    expect(body.message).toBe(
      "2 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have " +
        "length greater than or equal to 1; Value at 'plaintext' failed to satisfy constraint: Member must " +
        'have length greater than or equal to 1',
    );
  });
});

describe('a client that stops in the middle', () => {
  it.each([
    ['of its headers', 'POST / HTTP/1.1\r\nhost: x\r\nx-amz-ta'],
    ['of its body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{'],
  ])('%s is cut off, and nobody else waits for it', async (_, bytes) => {
    const patience = { headersTimeout: 300, requestTimeout: 400 };
    const settings = { account: '', gatewaySecret: undefined, adminToken: '', tls: undefined };
    const open = { ...settings, principals: new Map(), acceptsAnyCaller: true };
    // No call gets as far as the emulator behind.
    const server = createServer({} as Emulator, open, patience).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.write(bytes);
      await once(socket, 'close');

      expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 408 /);
    } finally {
      server.close();
    }
  });

  it('leaves the server to others', async () => {
    const port = Number(new URL(emulator.url).port);
    const idle = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
    for (const socket of idle) socket.write('POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n{');

    expect((await post('TrentService.ListKeys', '{}')).status).toBe(200);
    for (const socket of idle) socket.destroy();
  });

  it('or never stops is cut off too', async () => {
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    const megabyte = Buffer.alloc(1024 * 1024, 0x61);
    const more = () => {
      while (!socket.destroyed && socket.write(megabyte));
    };
    socket.on('drain', more);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000000\r\n\r\n');
    more();
    await closed;

    expect(socket.bytesWritten).toBeLessThan(200 * 1024 * 1024);
    expect((await post('TrentService.ListKeys', '{}')).status).toBe(200);
  });
});

describe('random requests', () => {
  const names = [
    ...['KeyId', 'Plaintext', 'CiphertextBlob', 'EncryptionContext', 'Policy', 'Tags', 'AliasName'],
    ...['TargetKeyId', 'Limit', 'Marker', 'ClusterId', 'Filters', 'SubnetIds', 'CustomKeyStoreId'],
    ...[
      'GrantTokens',
      'GrantId',
      'Operations',
      'GranteePrincipal',
      'Constraints',
      'Message',
      'Mac',
    ],
    ...['Signature', 'SigningAlgorithm', 'MacAlgorithm', 'KeySpec', 'NumberOfBytes', 'PublicKey'],
    ...['PendingWindowInDays', 'RotationPeriodInDays', 'ImportToken', 'EncryptedKeyMaterial'],
    ...[
      'BackupId',
      'ResourceId',
      'TagList',
      'HsmType',
      'KeyPairSpec',
      'DestinationKeyId',
      'Recipient',
    ],
    ...['__proto__', 'constructor', 'toString'],
  ];
  /** Values that get past the first checks: a key that is there, base64, real names. */
  const likely = () =>
    fc.constantFrom<unknown>(
      keyId,
      'alias/x',
      'AAAA',
      ['Encrypt', 'Decrypt'],
      { a: 'b' },
      { EncryptionContextSubset: { a: 'b' } },
      [{ TagKey: 'a', TagValue: 'b' }],
      { clusterIds: ['cluster-aaaaaaaaaaa'] },
      'arn:aws:iam::000000000000:role/app',
      'arn:aws:kms:us-east-1:000000000000:key/x',
      '{"Statement":[]}',
      'RSASSA_PSS_SHA_256',
      'HMAC_SHA_256',
      'AES_256',
      7,
      -1,
      1e308,
      '',
      null,
    );
  let keyId = '';
  beforeAll(async () => {
    keyId = (await post('TrentService.CreateKey', '{}')).body.KeyMetadata.KeyId;
  });
  const bodies = () => {
    const value = fc.oneof(likely(), fc.jsonValue());
    return fc.oneof(
      fc.json(),
      fc.dictionary(fc.constantFrom(...names), value).map((members) => JSON.stringify(members)),
    );
  };

  it.each(targets)('to %s never end in a 5xx', async (target) => {
    await fc.assert(
      fc.asyncProperty(bodies(), async (text) => {
        const { status } = await post(target, text);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 25 },
    );
  });

  it('of 16 clients get the answers of their own requests', async () => {
    const client = async (number: number) => {
      for (let round = 0; round < 20; round += 1) {
        const context = JSON.stringify({ client: `${number}-${round}` });
        const Plaintext = Buffer.from(context).toString('base64');
        const sealed = await post(
          'TrentService.Encrypt',
          `{"KeyId":"${made}","Plaintext":"${Plaintext}","EncryptionContext":${context}}`,
        );
        const refused = await post('TrentService.DescribeKey', `{"KeyId":"${number}-${round}"}`);
        const opened = await post(
          'TrentService.Decrypt',
          `{"CiphertextBlob":"${sealed.body.CiphertextBlob}","EncryptionContext":${context}}`,
        );

        expect(opened.body.Plaintext).toBe(Plaintext);
        expect(refused.body.message).toContain(`${number}-${round}'`);
      }
    };
    // The fuzzed key may be disabled by now.
    const made = (await post('TrentService.CreateKey', '{}')).body.KeyMetadata.KeyId;
    await Promise.all(Array.from({ length: 16 }, (_, number) => client(number)));
  });
});

describe('the admin endpoint', () => {
  const admin = async (path: string, body: string, token = emulator.adminToken) =>
    (
      await fetch(`${emulator.url}${path}`, {
        method: 'POST',
        headers: { 'x-admin-token': token },
        body,
      })
    ).status;
  const paths = [...ROUTES.keys()];

  it.each(paths)('%s wants the token', async (path) => {
    expect(await admin(path, '{}', 'x')).toBe(403);
  });

  it.each([
    '{',
    '[]',
    '5',
    '"x"',
    '{"operation":5}',
    '{"__proto__":1,"x":2}',
    '{"seconds":[-1,1e400]}',
  ])('refuses %s everywhere', async (body) => {
    const statuses = await Promise.all(paths.map((path) => admin(path, body)));

    for (const status of statuses) expect([400, 405]).toContain(status);
  });

  it('refuses 10 MB and a depth of 100,000', async () => {
    expect(await admin('/_admin/faults', 'a'.repeat(10_000_000))).toBe(413);
    expect(await admin('/_admin/faults', '['.repeat(100_000))).toBe(400);
  });
});
