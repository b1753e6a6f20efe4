// SPDX-License-Identifier: Apache-2.0
// What a call costs does not depend on how many keys there are: counted in SQL statements and PKCS#11 calls, which
// the load of the machine does not change. Times are in bench/.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatementSync } from 'node:sqlite';
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  type KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import pkcs11 from 'pkcs11js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createConnectedKeyStore, startEmulator } from './support.ts';

const STATEMENTS = ['get', 'all', 'run'] as const;
const TOKEN_CALLS = [
  'C_CreateObject',
  'C_DestroyObject',
  'C_Encrypt',
  'C_Decrypt',
  'C_FindObjectsInit',
  'C_GenerateKey',
  'C_GenerateRandom',
  'C_GetAttributeValue',
  'C_OpenSession',
  'C_UnwrapKey',
  'C_WrapKey',
] as const;

/** Counts calls by name, `C_` ones of the token, the others of SQLite; begin before the module is loaded. */
function counting() {
  const spies = [
    ...STATEMENTS.map((name) => [name, vi.spyOn(StatementSync.prototype, name)] as const),
    ...TOKEN_CALLS.map((name) => [name, vi.spyOn(pkcs11.PKCS11.prototype, name)] as const),
  ];
  return {
    begin: () => {
      for (const [, spy] of spies) spy.mockClear();
    },
    counts: () => Object.fromEntries(spies.map(([name, spy]) => [name, spy.mock.calls.length])),
  };
}

async function newKey(kms: KMSClient, CustomKeyStoreId?: string): Promise<string> {
  const input = CustomKeyStoreId === undefined ? {} : { Origin: 'AWS_CLOUDHSM' as const };
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ ...input, CustomKeyStoreId }));
  return KeyMetadata?.KeyId ?? '';
}

async function makeKeys(kms: KMSClient, count: number): Promise<void> {
  let left = count;
  const client = async () => {
    for (; left > 0; await newKey(kms)) left -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, client));
}

/** Every kind of call once, on a key made before the counting begins. */
async function lifeOf(kms: KMSClient, counted: ReturnType<typeof counting>) {
  const KeyId = await newKey(kms);
  await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('first use') }));
  counted.begin();
  await newKey(kms);
  const Plaintext = Buffer.alloc(32);
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  await kms.send(new DecryptCommand({ CiphertextBlob }));
  await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
  await kms.send(new DescribeKeyCommand({ KeyId }));
  await kms.send(new DisableKeyCommand({ KeyId }));
  await kms.send(new EnableKeyCommand({ KeyId }));
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  return counted.counts();
}

let dataFolder: string;
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

describe('with many keys', () => {
  it('every call takes as many SQL statements and PKCS#11 calls as with few', async () => {
    const counted = counting();
    const emulator = await startEmulator({ dataFolder });
    const kms = emulator.kms();
    await makeKeys(kms, 10);
    const withFew = await lifeOf(kms, counted);
    await makeKeys(kms, 500);
    const withMany = await lifeOf(kms, counted);
    await emulator.stop();

    expect(withMany).toEqual(withFew);
    // Two encryptions, one decryption and one creation were counted, so the counting works.
    expect(withFew).toMatchObject({ C_Encrypt: 2, C_Decrypt: 1, C_GenerateKey: 1, C_WrapKey: 1 });
  });

  it('a token is searched once after a start, not once for each key', async () => {
    const first = await startEmulator({ dataFolder });
    const { keyStoreId } = await createConnectedKeyStore(first);
    const keyIds: string[] = [];
    for (let made = 0; made < 20; made += 1) keyIds.push(await newKey(first.kms(), keyStoreId));
    await first.stop();

    const counted = counting();
    const second = await startEmulator({ dataFolder });
    const kms = second.kms();
    counted.begin();
    for (const KeyId of keyIds) {
      await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('after a start') }));
    }
    const counts = counted.counts();
    await second.stop();

    // One reading of the id of every object, however many of them are asked for.
    expect(counts).toMatchObject({ C_FindObjectsInit: 1, C_GetAttributeValue: 20, C_Encrypt: 20 });
  });
});
