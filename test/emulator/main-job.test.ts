// SPDX-License-Identifier: Apache-2.0
// The main job end to end: a cluster, a key store, a key in it, and its use through an alias.
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectedKeyStore, startEmulator, type TestEmulator } from './support.ts';

describe('a key in a custom key store', () => {
  let emulator: TestEmulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.stop());

  it('is created in the cluster and encrypts and decrypts through an alias', async () => {
    const { clusterId, keyStoreId } = await createConnectedKeyStore(emulator);
    const kms = emulator.kms();

    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId }),
    );
    const keyId = KeyMetadata?.KeyId ?? '';
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/orders', TargetKeyId: keyId }));
    const context = { purpose: 'test' };
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({
        KeyId: 'alias/orders',
        Plaintext: Buffer.from('hello'),
        EncryptionContext: context,
      }),
    );
    const decrypted = await kms.send(
      new DecryptCommand({ CiphertextBlob, EncryptionContext: context }),
    );

    expect(Buffer.from(decrypted.Plaintext ?? []).toString()).toBe('hello');
    expect(decrypted.KeyId).toBe(KeyMetadata?.Arn);
    const described = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/orders' }));
    expect(described.KeyMetadata).toMatchObject({
      KeyState: 'Enabled',
      Origin: 'AWS_CLOUDHSM',
      CustomKeyStoreId: keyStoreId,
      CloudHsmClusterId: clusterId,
      KeySpec: 'SYMMETRIC_DEFAULT',
    });
    expect(described.KeyMetadata?.CreationDate).toBeInstanceOf(Date);
  });
});
