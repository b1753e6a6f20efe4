// SPDX-License-Identifier: Apache-2.0
// Whatever is sent, the answer is one of AWS's 4xx: never a 500, never a success that did nothing.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudHsmOperations } from '#emulator/operations/cloudhsm/table.ts';
import { kmsOperations } from '#emulator/operations/kms/table.ts';
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

describe('random requests', () => {
  const members = fc.constantFrom(
    'KeyId',
    'Plaintext',
    'CiphertextBlob',
    'EncryptionContext',
    'Policy',
    'Tags',
    'AliasName',
    'TargetKeyId',
    'Limit',
    'Marker',
    'ClusterId',
    'Filters',
    'SubnetIds',
    'CustomKeyStoreId',
    '__proto__',
    'constructor',
  );
  const body = fc.oneof(
    fc.json(),
    fc.dictionary(members, fc.jsonValue()).map((v) => JSON.stringify(v)),
  );

  it('never end in a 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...targets), body, async (target, text) => {
        const { status } = await post(target, text);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 500 },
    );
  });
});
