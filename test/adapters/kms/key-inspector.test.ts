// SPDX-License-Identifier: Apache-2.0
// The inspector against the key endpoint.
import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  EnableKeyRotationCommand,
  type KMSClient,
  TagResourceCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KmsKeyInspector } from '#adapters/kms/key-inspector.ts';
import {
  createConnectedKeyStore,
  startEmulator,
  type TestEmulator,
} from '#test/emulator/support.ts';

let emulator: TestEmulator;
let root: KMSClient;
let keyStoreId: string;
beforeAll(async () => {
  emulator = await startEmulator();
  root = emulator.kms();
  keyStoreId = (await createConnectedKeyStore(emulator)).keyStoreId;
});
afterAll(() => emulator.stop());

const inspect = (reference: string) => new KmsKeyInspector(root).inspect(reference);

describe('the inspector of KMS keys', () => {
  it('reads a key of a key store with its alias, tags and grants', async () => {
    const { KeyMetadata } = await root.send(
      new CreateKeyCommand({
        Origin: 'AWS_CLOUDHSM',
        CustomKeyStoreId: keyStoreId,
        Description: 'orders of old',
      }),
    );
    const KeyId = KeyMetadata?.KeyId ?? '';
    await root.send(new CreateAliasCommand({ AliasName: 'alias/legacy', TargetKeyId: KeyId }));
    const Tags = [{ TagKey: 'owner', TagValue: 'payments' }];
    await root.send(new TagResourceCommand({ KeyId, Tags }));
    await root.send(
      new CreateGrantCommand({
        KeyId,
        GranteePrincipal: 'arn:aws:iam::000000000000:role/reader',
        Operations: ['Decrypt'],
      }),
    );

    const found = await inspect('alias/legacy');

    expect(found).toMatchObject({
      keyId: KeyId,
      description: 'orders of old',
      state: 'Enabled',
      origin: 'AWS_CLOUDHSM',
      manager: 'CUSTOMER',
      keyStoreId,
      aliases: ['alias/legacy'],
      tags: { owner: 'payments' },
      grants: 1,
      lastUsedAt: null,
      unreadable: [],
    });
    expect(JSON.parse(found.policy ?? '{}')).toHaveProperty('Statement');
    expect(await new KmsKeyInspector(root).listGrants(KeyId)).toEqual([
      {
        id: expect.any(String),
        grantee: 'arn:aws:iam::000000000000:role/reader',
        operations: ['Decrypt'],
      },
    ]);
  });

  it('reads that KMS rotates a key of its own', async () => {
    const { KeyMetadata } = await root.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId ?? '';
    await root.send(new EnableKeyRotationCommand({ KeyId }));

    expect(await inspect(KeyId)).toMatchObject({
      origin: 'AWS_KMS',
      keyStoreId: null,
      isRotatedByVault: true,
    });
  });

  it('says that there is no such key', async () => {
    await expect(inspect('alias/none')).rejects.toMatchObject({ name: 'KeyNotFound' });
  });
});
