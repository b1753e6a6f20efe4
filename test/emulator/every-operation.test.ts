// SPDX-License-Identifier: Apache-2.0
// Every operation of the KMS model, as the SDK knows it: none is unknown, none succeeds silently.
import * as sdk from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type TestEmulator } from './support.ts';

const OPERATIONS = Object.keys(sdk)
  .filter((name) => name.endsWith('Command') && !name.startsWith('$'))
  .map((name) => name.slice(0, -'Command'.length))
  .sort();
/** Operations that need no member, and so answer an empty request. */
const WITHOUT_MEMBERS = [
  'CreateKey',
  'DescribeCustomKeyStores',
  'ListAliases',
  'ListKeys',
  // AWS wants NumberOfBytes or a key store at run time, not in the model.
  'GenerateRandom',
];
/** Operations of special keys: they answer what AWS answers for every other key. */
const OF_OTHER_KEYS: Readonly<Record<string, readonly [object, string]>> = {
  Decapsulate: [
    { EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: 'AAAA' },
    'InvalidKeyUsageException',
  ],
  Encapsulate: [{ EncapsulationAlgorithm: 'ML_KEM' }, 'InvalidKeyUsageException'],
  ReplicateKey: [{ ReplicaRegion: 'eu-west-1' }, 'UnsupportedOperationException'],
  UpdatePrimaryRegion: [{ PrimaryRegion: 'eu-west-1' }, 'UnsupportedOperationException'],
};

let emulator: TestEmulator;
let keyId: string;
beforeAll(async () => {
  emulator = await startEmulator();
  const { KeyMetadata } = await emulator.kms().send(new sdk.CreateKeyCommand({}));
  keyId = KeyMetadata?.KeyId ?? '';
});
afterAll(() => emulator.stop());

async function post(operation: string, body: object) {
  const response = await fetch(emulator.url, {
    method: 'POST',
    headers: {
      'x-amz-target': `TrentService.${operation}`,
      'content-type': 'application/x-amz-json-1.1',
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, type: text === '' ? '' : String(JSON.parse(text).__type) };
}

it('the model has the operations this test was written for', () => {
  expect(OPERATIONS.length).toBeGreaterThanOrEqual(56);
  expect(OPERATIONS).toEqual(expect.arrayContaining(WITHOUT_MEMBERS));
});

describe.each(OPERATIONS.filter((name) => !WITHOUT_MEMBERS.includes(name)))('%s', (name) => {
  it('refuses a request without members, and a key that is not there, by a name of AWS', async () => {
    const absent = '11111111-2222-3333-4444-555555555555';
    for (const body of [{}, { KeyId: absent, GrantId: 'a'.repeat(64) }]) {
      const { status, type } = await post(name, body);

      expect([name, status]).toEqual([name, 400]);
      expect(type).toMatch(/(Exception|Error)$/);
      expect(type).not.toBe('UnknownOperationException');
    }
  });
});

it.each(Object.entries(OF_OTHER_KEYS))(
  '%s refuses every key there is',
  async (name, [rest, type]) => {
    expect(await post(name, { KeyId: keyId, ...rest })).toEqual({ status: 400, type });
  },
);
