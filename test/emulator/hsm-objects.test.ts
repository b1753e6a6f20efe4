// SPDX-License-Identifier: Apache-2.0
// What the tokens really hold: named, sensitive objects that do not come out.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, EncryptCommand, GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { ensureSoftHsm } from '#adapters/pkcs11/softhsm.ts';
import { PinFiles } from '#emulator/hsm/pins.ts';
import { createConnectedKeyStore, refusal, startEmulator } from './support.ts';

async function openModule(): Promise<Pkcs11Module> {
  const { modulePath } = await ensureSoftHsm(dataFolder);
  const softHsmConfigPath = join(dataFolder, 'hsm', 'softhsm2.conf');
  return new Pkcs11Module({ modulePath, softHsmConfigPath });
}

let dataFolder: string;
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

describe('the HSM', () => {
  it('holds each custom-store key as a sensitive, never extractable object labelled with its ARN', async () => {
    const emulator = await startEmulator({ dataFolder });
    const { keyStoreId, clusterId } = await createConnectedKeyStore(emulator);
    const kms = emulator.kms();
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId }),
    );
    await kms.send(new CreateKeyCommand({}));
    await emulator.stop();

    const module = await openModule();
    const token = module.openToken(clusterId, new PinFiles(dataFolder).of(clusterId).userPin);
    const objects = token.findSecretKeys().map((handle) => token.describe(handle));

    expect(objects).toHaveLength(1);
    expect(objects[0]).toMatchObject({
      label: KeyMetadata?.Arn,
      sensitive: true,
      extractable: false,
      neverExtractable: true,
    });
    expect(objects[0]?.id.toString()).toBe(KeyMetadata?.KeyId);
    const [handle] = token.findSecretKeys();
    expect(() => token.attemptExtraction(handle ?? Buffer.alloc(0))).toThrow(/CKR_ATTRIBUTE/);
    module.close();
  });

  it('fails operations of a key whose object was removed, while KMS goes on showing it Enabled', async () => {
    const first = await startEmulator({ dataFolder });
    const { keyStoreId, clusterId } = await createConnectedKeyStore(first);
    const { KeyMetadata } = await first
      .kms()
      .send(new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId }));
    const KeyId = KeyMetadata?.KeyId ?? '';
    await first.stop();
    const module = await openModule();
    const token = module.openToken(clusterId, new PinFiles(dataFolder).of(clusterId).userPin);
    for (const handle of token.findSecretKeys()) token.destroy(handle);
    module.close();

    const emulator = await startEmulator({ dataFolder });
    const error = await refusal(
      emulator.kms().send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') })),
    );
    const policy = await emulator.kms().send(new GetKeyPolicyCommand({ KeyId }));
    await emulator.stop();

    expect(error.name).toBe('KMSInvalidStateException');
    expect(policy.PolicyName).toBe('default');
  });

  it('keeps PINs and the admin token in files that only their owner reads', async () => {
    const emulator = await startEmulator({ dataFolder });
    await emulator.stop();

    const pins = readdirSync(join(dataFolder, 'pins')).map((name) => join('pins', name));
    for (const name of [...pins, 'admin-token']) {
      expect(statSync(join(dataFolder, name)).mode & 0o077).toBe(0);
    }
    expect(readFileSync(join(dataFolder, 'admin-token'), 'utf8')).toMatch(/^[0-9a-f]{48}$/);
  });
});
