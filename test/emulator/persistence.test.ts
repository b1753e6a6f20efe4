// SPDX-License-Identifier: Apache-2.0
// What was answered survives the death of the process; what was cut short leaves nothing behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  ListKeysCommand,
} from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { ensureSoftHsm } from '#adapters/pkcs11/softhsm.ts';
import { PinFiles } from '#emulator/hsm/pins.ts';
import { type ChildEmulator, spawnEmulator } from './child.ts';
import { createConnectedKeyStore } from './support.ts';

let dataFolder: string;
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

async function useKey(emulator: ChildEmulator, input: { CustomKeyStoreId?: string } = {}) {
  const kms = emulator.kms();
  const origin = input.CustomKeyStoreId === undefined ? 'AWS_KMS' : 'AWS_CLOUDHSM';
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: origin, ...input }));
  const keyId = KeyMetadata?.KeyId ?? '';
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from('kept') }),
  );
  return { keyId, CiphertextBlob };
}

async function tokenLabels(clusterId: string): Promise<string[]> {
  const { modulePath } = await ensureSoftHsm(dataFolder);
  const softHsmConfigPath = join(dataFolder, 'hsm', 'softhsm2.conf');
  const module = new Pkcs11Module({ modulePath, softHsmConfigPath });
  try {
    const token = module.openToken(clusterId, new PinFiles(dataFolder).of(clusterId).userPin);
    return token.findSecretKeys().map((handle) => token.describe(handle).label);
  } finally {
    module.close();
  }
}

describe('after SIGKILL', () => {
  it('keys, aliases, ciphertexts and the connected key store are all there', async () => {
    let emulator = await spawnEmulator('--data', dataFolder);
    const { keyStoreId } = await createConnectedKeyStore(emulator);
    const standard = await useKey(emulator);
    const inStore = await useKey(emulator, { CustomKeyStoreId: keyStoreId });
    const aliasCommand = { AliasName: 'alias/kept', TargetKeyId: inStore.keyId };
    await emulator.kms().send(new CreateAliasCommand(aliasCommand));

    await emulator.end('SIGKILL');
    emulator = await spawnEmulator('--data', dataFolder);

    const kms = emulator.kms();
    for (const { CiphertextBlob } of [standard, inStore]) {
      const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
      expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('kept');
    }
    const described = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/kept' }));
    expect(described.KeyMetadata).toMatchObject({ KeyId: inStore.keyId, KeyState: 'Enabled' });
    await emulator.end('SIGTERM');
  });

  it('every key that was answered has its object, and the token has no object without a key', async () => {
    let emulator = await spawnEmulator('--data', dataFolder);
    const { keyStoreId, clusterId } = await createConnectedKeyStore(emulator);
    const kms = emulator.kms();
    const answered: string[] = [];
    const create = async () => {
      for (;;) {
        const { KeyMetadata } = await kms.send(
          new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId }),
        );
        answered.push(KeyMetadata?.Arn ?? '');
      }
    };
    const clients = [create(), create(), create()].map((client) => client.catch(() => undefined));
    while (answered.length < 20) await new Promise((resolve) => setTimeout(resolve, 5));

    await emulator.end('SIGKILL');
    await Promise.all(clients);
    emulator = await spawnEmulator('--data', dataFolder);
    const { Keys } = await emulator.kms().send(new ListKeysCommand({ Limit: 1000 }));
    await emulator.end('SIGTERM');

    const listed = (Keys ?? []).map(({ KeyArn = '' }) => KeyArn).sort();
    expect(listed).toEqual(expect.arrayContaining(answered));
    expect((await tokenLabels(clusterId)).sort()).toEqual(listed);
  });

  it('a creation that was cut short is taken back, object and row', async () => {
    let emulator = await spawnEmulator('--data', dataFolder);
    const { keyStoreId, clusterId } = await createConnectedKeyStore(emulator);
    const { keyId } = await useKey(emulator, { CustomKeyStoreId: keyStoreId });
    await emulator.end('SIGKILL');
    // As if the process had died between the token object and the row's last step.
    const database = new DatabaseSync(join(dataFolder, 'emulator.sqlite'));
    database.prepare(`UPDATE keys SET status = 'creating' WHERE key_id = ?`).run(keyId);
    database.close();

    emulator = await spawnEmulator('--data', dataFolder);
    const { Keys } = await emulator.kms().send(new ListKeysCommand({}));
    await emulator.end('SIGTERM');

    expect(Keys).toEqual([]);
    expect(await tokenLabels(clusterId)).toEqual([]);
  });
});

describe('the command line', () => {
  it('ends with 0 on SIGTERM and SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const emulator = await spawnEmulator('--data', dataFolder);

      expect(await emulator.end(signal)).toBe(0);
    }
  });

  it('refuses a second emulator on the same data folder', async () => {
    const emulator = await spawnEmulator('--data', dataFolder);

    await expect(spawnEmulator('--data', dataFolder)).rejects.toThrow(/in use/);
    await emulator.end('SIGTERM');
  });

  it.each([[['--account', '12']], [['--no-such-option']], [['--tls-cert', 'x']]])(
    'refuses %j',
    async (args) => {
      await expect(spawnEmulator('--data', dataFolder, ...args)).rejects.toThrow(/ended with 2/);
    },
  );
});
