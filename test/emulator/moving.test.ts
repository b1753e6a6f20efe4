// SPDX-License-Identifier: Apache-2.0
// A key store moves to a cluster made of a backup: the keys that were in the backup work, the others fail, and what
// KMS says of them stays as it is.
import {
  CreateClusterCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EncryptCommand,
  type KMSClient,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hsmAdmin } from './hsm-admin.ts';
import {
  addHsms,
  createActiveCluster,
  createConnectedKeyStore,
  KEY_STORE_PASSWORD,
  refusal,
  startEmulator,
  type TestEmulator,
  until,
  waitForCluster,
  waitForKeyStore,
} from './support.ts';

const NEW_PASSWORD = 'reset-by-the-admin';
let emulator: TestEmulator;
let kms: KMSClient;
beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

const connect = (CustomKeyStoreId: string) =>
  kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
const disconnect = async (CustomKeyStoreId: string) => {
  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await waitForKeyStore(kms, CustomKeyStoreId, 'DISCONNECTED');
};
const update = (CustomKeyStoreId: string, members: object) =>
  kms.send(new UpdateCustomKeyStoreCommand({ CustomKeyStoreId, ...members }));
const seal = (KeyId: string) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('kept') }));
const open = (CiphertextBlob: Uint8Array | undefined) =>
  kms.send(new DecryptCommand({ CiphertextBlob }));
const describeKey = async (KeyId: string) =>
  (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
const objectsOf = async (clusterId: string) =>
  (await hsmAdmin(emulator, 'GET', 'objects', { clusterId })).body;

async function createKey(CustomKeyStoreId: string) {
  const command = new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId });
  const { KeyMetadata } = await kms.send(command);
  const { KeyId = '', Arn = '' } = KeyMetadata ?? {};
  return { keyId: KeyId, arn: Arn, ciphertext: (await seal(KeyId)).CiphertextBlob };
}

/** Deletes an HSM, which leaves a backup, and puts another in its place. */
async function backUp(ClusterId: string): Promise<string> {
  const cloudhsm = emulator.cloudhsm();
  const { Hsms = [] } = await waitForCluster(cloudhsm, ClusterId, 'ACTIVE');
  const { HsmId = '', AvailabilityZone = '' } = Hsms[0] ?? {};
  await cloudhsm.send(new DeleteHsmCommand({ ClusterId, HsmId }));
  await addHsms(cloudhsm, ClusterId, [AvailabilityZone]);
  const command = new DescribeBackupsCommand({ Filters: { clusterIds: [ClusterId] } });
  return until('the backup is ready', async () => {
    const [newest] = (await cloudhsm.send(command)).Backups ?? [];
    return newest?.BackupState === 'READY' ? newest.BackupId : undefined;
  });
}

async function restore(SourceBackupId: string): Promise<string> {
  const cloudhsm = emulator.cloudhsm();
  const SubnetIds = ['subnet-0000000a', 'subnet-0000000b'];
  const command = new CreateClusterCommand({ HsmType: 'hsm1.medium', SubnetIds, SourceBackupId });
  const { Cluster } = await cloudhsm.send(command);
  const clusterId = Cluster?.ClusterId ?? '';
  await waitForCluster(cloudhsm, clusterId, 'ACTIVE');
  return clusterId;
}

describe('a key store', () => {
  it('moves to a cluster of its backup history and back, and its keys with it', async () => {
    const { keyStoreId, clusterId, trustAnchor } = await createConnectedKeyStore(emulator);
    const before = await createKey(keyStoreId);
    const restored = await restore(await backUp(clusterId));
    const after = await createKey(keyStoreId);
    const stranger = await createActiveCluster(emulator);
    const moveTo = (CloudHsmClusterId: string) => update(keyStoreId, { CloudHsmClusterId });
    const refusedMove = async (to: string) => (await refusal(moveTo(to))).name;

    expect(await refusedMove(restored)).toBe('CustomKeyStoreInvalidStateException');
    await disconnect(keyStoreId);
    expect(await refusedMove('cluster-aaaaaaaaaaa')).toBe('CloudHsmClusterNotFoundException');
    expect(await refusedMove(stranger.clusterId)).toBe('CloudHsmClusterNotRelatedException');
    await addHsms(emulator.cloudhsm(), restored, ['us-east-1a']);
    expect(await refusedMove(restored)).toBe('CloudHsmClusterInvalidConfigurationException');
    await addHsms(emulator.cloudhsm(), restored, ['us-east-1b']);
    await moveTo(restored);

    // The password in the backup is one that only KMS ever knew, for another cluster.
    await connect(keyStoreId);
    const failed = await waitForKeyStore(kms, keyStoreId, 'FAILED');
    expect(failed).toMatchObject({
      ConnectionErrorCode: 'INVALID_CREDENTIALS',
      CloudHsmClusterId: restored,
    });
    await disconnect(keyStoreId);
    await hsmAdmin(emulator, 'POST', 'password', { clusterId: restored, password: NEW_PASSWORD });
    await update(keyStoreId, { KeyStorePassword: NEW_PASSWORD });
    await connect(keyStoreId);
    await waitForKeyStore(kms, keyStoreId, 'CONNECTED');

    expect(Buffer.from((await open(before.ciphertext)).Plaintext ?? []).toString()).toBe('kept');
    for (const attempt of [seal(after.keyId), open(after.ciphertext)]) {
      expect((await refusal(attempt)).name).toBe('KMSInvalidStateException');
    }
    for (const { keyId } of [before, after]) {
      expect(await describeKey(keyId)).toMatchObject({
        KeyState: 'Enabled',
        CloudHsmClusterId: restored,
      });
    }
    expect(await objectsOf(restored)).toMatchObject({
      objects: [{ label: before.arn, kmsKey: before.arn }],
    });

    await disconnect(keyStoreId);
    await hsmAdmin(emulator, 'POST', 'password', { clusterId, password: NEW_PASSWORD });
    await update(keyStoreId, { CloudHsmClusterId: clusterId, KeyStorePassword: NEW_PASSWORD });
    await connect(keyStoreId);
    await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
    for (const { ciphertext } of [before, after]) await open(ciphertext);

    const second = kms.send(
      new CreateCustomKeyStoreCommand({
        CustomKeyStoreName: 'on the restored cluster',
        CloudHsmClusterId: restored,
        TrustAnchorCertificate: trustAnchor,
        KeyStorePassword: KEY_STORE_PASSWORD,
      }),
    );
    expect((await refusal(second)).name).toBe('CloudHsmClusterInUseException');
  });
});
