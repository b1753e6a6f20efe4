// SPDX-License-Identifier: Apache-2.0
// Custom key stores: what they need, what their keys refuse, and what disconnecting does.
import { DeleteHsmCommand, DescribeClustersCommand } from '@aws-sdk/client-cloudhsm-v2';
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DeleteCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateRandomCommand,
  GetKeyRotationStatusCommand,
  GetPublicKeyCommand,
  type KMSClient,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hsmAdmin } from './hsm-admin.ts';
import {
  createActiveCluster,
  createConnectedKeyStore,
  createUninitializedCluster,
  KEY_STORE_PASSWORD,
  refusal,
  startEmulator,
  type TestEmulator,
  until,
  waitForKeyStore,
} from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;
beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

const createStore = (name: string, clusterId: string, trustAnchor: string, password?: string) =>
  kms.send(
    new CreateCustomKeyStoreCommand({
      CustomKeyStoreName: name,
      CloudHsmClusterId: clusterId,
      TrustAnchorCertificate: trustAnchor,
      KeyStorePassword: password ?? KEY_STORE_PASSWORD,
    }),
  );
const createKey = async (keyStoreId: string) => {
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: keyStoreId }),
  );
  return { keyId: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
};
const connect = (CustomKeyStoreId: string) =>
  kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
const disconnect = async (CustomKeyStoreId: string) => {
  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await waitForKeyStore(kms, CustomKeyStoreId, 'DISCONNECTED');
};
const encrypt = (KeyId: string) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));

async function deleteOneHsm(clusterId: string, count = 1) {
  const cloudhsm = emulator.cloudhsm();
  const describeHsms = async () => {
    const { Clusters } = await cloudhsm.send(
      new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } }),
    );
    return Clusters?.[0]?.Hsms ?? [];
  };
  const hsms = await describeHsms();
  for (const { HsmId } of hsms.slice(0, count)) {
    await cloudhsm.send(new DeleteHsmCommand({ ClusterId: clusterId, HsmId: HsmId ?? '' }));
  }
  await until('the HSMs are gone', async () =>
    (await describeHsms()).length === hsms.length - count ? true : undefined,
  );
}

describe('creating a key store', () => {
  it('needs an existing, active cluster with HSMs in two zones and its trust anchor', async () => {
    const { clusterId: uninitialized } = await createUninitializedCluster(emulator);
    const single = await createActiveCluster(emulator, []);
    const good = await createActiveCluster(emulator);

    const attempts: [Promise<unknown>, string][] = [
      [createStore('a', 'cluster-aaaaaaaaaaa', 'x'), 'CloudHsmClusterNotFoundException'],
      [createStore('a', uninitialized, 'x'), 'CloudHsmClusterNotActiveException'],
      [
        createStore('a', single.clusterId, single.trustAnchor),
        'CloudHsmClusterInvalidConfigurationException',
      ],
      [createStore('a', good.clusterId, single.trustAnchor), 'IncorrectTrustAnchorException'],
    ];
    for (const [attempt, name] of attempts) expect((await refusal(attempt)).name).toBe(name);
    expect((await kms.send(new DescribeCustomKeyStoresCommand({}))).CustomKeyStores).toEqual([]);
  });

  it('is refused for a name or a cluster in use', async () => {
    const { clusterId, trustAnchor } = await createConnectedKeyStore(emulator, 'taken');

    const name = await refusal(createStore('taken', clusterId, trustAnchor));
    const cluster = await refusal(createStore('other', clusterId, trustAnchor));

    expect(name.name).toBe('CustomKeyStoreNameInUseException');
    expect(cluster.name).toBe('CloudHsmClusterInUseException');
  });
});

describe('connecting', () => {
  it('fails later with INVALID_CREDENTIALS for a wrong password, and recovers by the right one', async () => {
    const { keyStoreId, clusterId } = await createConnectedKeyStore(emulator, 'password');
    await disconnect(keyStoreId);
    const update = (KeyStorePassword: string) =>
      kms.send(new UpdateCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId, KeyStorePassword }));

    await update('wrong-password');
    await connect(keyStoreId);
    const failed = await waitForKeyStore(kms, keyStoreId, 'FAILED');

    expect(failed.ConnectionErrorCode).toBe('INVALID_CREDENTIALS');
    expect((await refusal(connect(keyStoreId))).name).toBe('CustomKeyStoreInvalidStateException');
    await disconnect(keyStoreId);
    // The first password is not that of `kmsuser` any more: KMS replaced it when it connected.
    await hsmAdmin(emulator, 'POST', 'password', { clusterId, password: 'reset-by-the-admin' });
    await update('reset-by-the-admin');
    await connect(keyStoreId);
    await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
  });

  it('answers before the store is connected', async () => {
    const { clusterId, trustAnchor } = await createActiveCluster(emulator);
    const { CustomKeyStoreId = '' } = await createStore('slow', clusterId, trustAnchor);
    await connect(CustomKeyStoreId);

    const { CustomKeyStores } = await kms.send(
      new DescribeCustomKeyStoresCommand({ CustomKeyStoreName: 'slow' }),
    );

    expect(CustomKeyStores?.[0]?.ConnectionState).toBe('CONNECTING');
    expect(CustomKeyStores?.[0]).not.toHaveProperty('KeyStorePassword');
    await waitForKeyStore(kms, CustomKeyStoreId, 'CONNECTED');
  });

  it('never shows the password in a validation message', async () => {
    const error = await refusal(createStore('x', 'cluster-aaaaaaaaaaa', 'x', 'short'));

    expect(error.name).toBe('ValidationException');
    expect(error.message).not.toContain('short');
  });
});

describe('keys of a key store', () => {
  it('refuse rotation and public keys, and answer that they do not rotate', async () => {
    const { keyStoreId } = await createConnectedKeyStore(emulator, 'rotation');
    const { keyId: KeyId } = await createKey(keyStoreId);

    const refused = [
      () => kms.send(new RotateKeyOnDemandCommand({ KeyId })),
      () => kms.send(new EnableKeyRotationCommand({ KeyId })),
      () => kms.send(new GetPublicKeyCommand({ KeyId })),
    ];
    for (const attempt of refused) {
      expect((await refusal(attempt())).name).toBe('UnsupportedOperationException');
    }
    const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    expect(status.KeyRotationEnabled).toBe(false);
  });

  it('are symmetric only, and their origin goes with their store', async () => {
    const { keyStoreId: CustomKeyStoreId } = await createConnectedKeyStore(emulator, 'kinds');
    const create = (input: CreateKeyCommandInput) => refusal(kms.send(new CreateKeyCommand(input)));
    const Origin = 'AWS_CLOUDHSM';

    const asymmetric = await create({
      Origin,
      CustomKeyStoreId,
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
    });
    expect(asymmetric.name).toBe('UnsupportedOperationException');
    expect((await create({ Origin })).name).toBe('ValidationException');
    expect((await create({ CustomKeyStoreId })).name).toBe('ValidationException');
    expect((await create({ Origin, CustomKeyStoreId: 'cks-none' })).name).toBe(
      'CustomKeyStoreNotFoundException',
    );
  });

  it('are Unavailable while the store is disconnected; management goes on; ciphertexts survive', async () => {
    const { keyStoreId } = await createConnectedKeyStore(emulator, 'outage');
    const { keyId, arn } = await createKey(keyStoreId);
    const { CiphertextBlob } = await encrypt(keyId);
    await disconnect(keyStoreId);

    const described = await kms.send(new DescribeKeyCommand({ KeyId: keyId }));
    expect(described.KeyMetadata?.KeyState).toBe('Unavailable');
    expect(await refusal(encrypt(keyId))).toEqual({
      name: 'KMSInvalidStateException',
      message: `${arn} is unavailable.`,
    });
    expect((await refusal(createKey(keyStoreId))).name).toBe('CustomKeyStoreInvalidStateException');
    const random = new GenerateRandomCommand({ NumberOfBytes: 8, CustomKeyStoreId: keyStoreId });
    expect((await refusal(kms.send(random))).name).toBe('CustomKeyStoreInvalidStateException');
    await kms.send(new DisableKeyCommand({ KeyId: keyId }));
    await kms.send(new EnableKeyCommand({ KeyId: keyId }));

    await connect(keyStoreId);
    await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('x');
  });

  it('cannot be created with HSMs in one zone only, while those that exist go on working', async () => {
    const { keyStoreId, clusterId } = await createConnectedKeyStore(emulator, 'one-zone');
    const { keyId } = await createKey(keyStoreId);
    await deleteOneHsm(clusterId);

    const error = await refusal(createKey(keyStoreId));

    expect(error.name).toBe('CloudHsmClusterInvalidConfigurationException');
    expect((await encrypt(keyId)).KeyId).toContain(keyId);
  });
});

describe('deleting a key store', () => {
  it('is refused while it is connected or holds keys, also those pending deletion', async () => {
    const { keyStoreId } = await createConnectedKeyStore(emulator, 'full');
    const CustomKeyStoreId = keyStoreId;
    const remove = () => kms.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId }));
    expect((await refusal(remove())).name).toBe('CustomKeyStoreInvalidStateException');
    const { keyId } = await createKey(keyStoreId);
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: keyId }));
    await disconnect(keyStoreId);

    expect((await refusal(remove())).name).toBe('CustomKeyStoreHasCMKsException');
  });

  it('works for an empty disconnected one, whose name and cluster are then free', async () => {
    const { keyStoreId, clusterId, trustAnchor } = await createConnectedKeyStore(emulator, 'empty');
    await disconnect(keyStoreId);

    await kms.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId }));

    const again = await createStore('empty', clusterId, trustAnchor);
    expect(again.CustomKeyStoreId).not.toBe(keyStoreId);
  });

  it('may change only the name while connected', async () => {
    const { keyStoreId: CustomKeyStoreId } = await createConnectedKeyStore(emulator, 'rename');
    const update = (input: object) =>
      kms.send(new UpdateCustomKeyStoreCommand({ CustomKeyStoreId, ...input }));

    await update({ NewCustomKeyStoreName: 'renamed' });

    const described = await waitForKeyStore(kms, CustomKeyStoreId, 'CONNECTED');
    expect(described.CustomKeyStoreName).toBe('renamed');
    expect((await refusal(update({ KeyStorePassword: 'another-one' }))).name).toBe(
      'CustomKeyStoreInvalidStateException',
    );
  });
});
