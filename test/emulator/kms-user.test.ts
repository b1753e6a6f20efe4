// SPDX-License-Identifier: Apache-2.0
// `kmsuser`: KMS replaces its password when it connects; what keeps KMS out has its own connection error code.
import { DeleteClusterCommand, DeleteHsmCommand } from '@aws-sdk/client-cloudhsm-v2';
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  DisconnectCustomKeyStoreCommand,
  type KMSClient,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, hsmAdmin } from './hsm-admin.ts';
import {
  createActiveCluster,
  createConnectedKeyStore,
  KEY_STORE_PASSWORD,
  startEmulator,
  type TestEmulator,
  until,
  waitForCluster,
  waitForKeyStore,
} from './support.ts';

const NEW_PASSWORD = 'reset-by-the-admin';
let emulator: TestEmulator;
let kms: KMSClient;
let shared: { clusterId: string; keyStoreId: string };
beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
  shared = await createConnectedKeyStore(emulator, 'shared');
});
afterAll(() => emulator.stop());

const connect = (CustomKeyStoreId: string) =>
  kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
const disconnect = async (CustomKeyStoreId: string) => {
  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  await waitForKeyStore(kms, CustomKeyStoreId, 'DISCONNECTED');
};
const logIn = (clusterId: string, password: string) =>
  hsmAdmin(emulator, 'POST', 'login', { clusterId, password });
const setPassword = (clusterId: string, password: string) =>
  hsmAdmin(emulator, 'POST', 'password', { clusterId, password });

/** Disconnects, connects, and answers the code that it failed with; leaves the store disconnected. */
async function failedConnect(keyStoreId: string): Promise<string | undefined> {
  await connect(keyStoreId);
  const failed = await waitForKeyStore(kms, keyStoreId, 'FAILED');
  await disconnect(keyStoreId);
  return failed.ConnectionErrorCode;
}

/** Resets the password, tells KMS, and connects: the end of every failure of `kmsuser`. */
async function repair({ clusterId, keyStoreId }: typeof shared): Promise<void> {
  expect((await setPassword(clusterId, NEW_PASSWORD)).status).toBe(200);
  await kms.send(
    new UpdateCustomKeyStoreCommand({
      CustomKeyStoreId: keyStoreId,
      KeyStorePassword: NEW_PASSWORD,
    }),
  );
  await connect(keyStoreId);
  await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
}

describe('the password of kmsuser', () => {
  it('is replaced when KMS connects: who knows the first one is not let in, and KMS connects again without it', async () => {
    const { clusterId, keyStoreId } = shared;

    const stranger = await logIn(clusterId, KEY_STORE_PASSWORD);
    await disconnect(keyStoreId);
    await connect(keyStoreId);
    await waitForKeyStore(kms, keyStoreId, 'CONNECTED');

    expect(stranger).toMatchObject({ status: 409, body: { code: 'INVALID_CREDENTIALS' } });
  });

  it('that an HSM admin sets is one that KMS must be told, and that it replaces again', async () => {
    const { clusterId, keyStoreId } = shared;
    await setPassword(clusterId, NEW_PASSWORD);
    await disconnect(keyStoreId);

    expect(await failedConnect(keyStoreId)).toBe('INVALID_CREDENTIALS');
    await repair(shared);

    expect((await logIn(clusterId, NEW_PASSWORD)).body).toMatchObject({
      code: 'INVALID_CREDENTIALS',
    });
  });
});

describe('connecting', () => {
  it('ends in USER_LOGGED_IN while somebody is logged in as kmsuser', async () => {
    const { clusterId, keyStoreId } = shared;
    await disconnect(keyStoreId);
    await setPassword(clusterId, NEW_PASSWORD);
    expect((await logIn(clusterId, NEW_PASSWORD)).status).toBe(200);

    expect(await failedConnect(keyStoreId)).toBe('USER_LOGGED_IN');

    await hsmAdmin(emulator, 'DELETE', 'login', { clusterId });
    await repair(shared);
  });

  it('ends in USER_LOCKED_OUT after five wrong passwords, until an HSM admin sets the password', async () => {
    const { clusterId, keyStoreId } = shared;
    await disconnect(keyStoreId);
    await setPassword(clusterId, NEW_PASSWORD);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await logIn(clusterId, 'wrong-password')).body).toMatchObject({
        code: 'INVALID_CREDENTIALS',
      });
    }

    const { body } = await logIn(clusterId, NEW_PASSWORD);

    expect(body).toMatchObject({ code: 'USER_LOCKED_OUT' });
    expect(await failedConnect(keyStoreId)).toBe('USER_LOCKED_OUT');
    expect((await hsmAdmin(emulator, 'GET', 'users', { clusterId })).body).toMatchObject({
      users: [{ username: 'admin' }, { username: 'kmsuser', locked: true }],
    });
    await repair(shared);
  });

  it.each([
    'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET',
    'INTERNAL_ERROR',
    'NETWORK_ERRORS',
    'SUBNET_NOT_FOUND',
  ])('ends in %s while the network is so, and works after it', async (error) => {
    const { clusterId, keyStoreId } = shared;
    await disconnect(keyStoreId);
    expect((await admin(emulator, 'POST', 'connection-fault', { clusterId, error })).status).toBe(
      200,
    );

    expect(await failedConnect(keyStoreId)).toBe(error);

    await admin(emulator, 'DELETE', 'connection-fault');
    await connect(keyStoreId);
    await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
  });

  it('ends in INSUFFICIENT_CLOUDHSM_HSMS when the last HSM is lost meanwhile', async () => {
    const { clusterId, keyStoreId } = shared;
    await disconnect(keyStoreId);
    await connect(keyStoreId);
    await admin(emulator, 'POST', 'hsm-loss', { clusterId });

    const failed = await waitForKeyStore(kms, keyStoreId, 'FAILED');

    expect(failed.ConnectionErrorCode).toBe('INSUFFICIENT_CLOUDHSM_HSMS');
    await admin(emulator, 'DELETE', 'hsm-loss');
    await disconnect(keyStoreId);
    await connect(keyStoreId);
    await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
  });

  it('ends in CLUSTER_NOT_FOUND when the cluster was deleted', async () => {
    const { clusterId, trustAnchor } = await createActiveCluster(emulator);
    const { CustomKeyStoreId = '' } = await kms.send(
      new CreateCustomKeyStoreCommand({
        CustomKeyStoreName: 'without a cluster',
        CloudHsmClusterId: clusterId,
        TrustAnchorCertificate: trustAnchor,
        KeyStorePassword: KEY_STORE_PASSWORD,
      }),
    );
    const cloudhsm = emulator.cloudhsm();
    const { Hsms = [] } = await waitForCluster(cloudhsm, clusterId, 'ACTIVE');
    for (const { HsmId = '' } of Hsms) {
      await cloudhsm.send(new DeleteHsmCommand({ ClusterId: clusterId, HsmId }));
    }
    await until('the cluster has no HSM', async () => {
      const { Hsms: left = [] } = await waitForCluster(cloudhsm, clusterId, 'ACTIVE');
      return left.length === 0 ? true : undefined;
    });
    await cloudhsm.send(new DeleteClusterCommand({ ClusterId: clusterId }));
    await waitForCluster(cloudhsm, clusterId, 'DELETED');

    expect(await failedConnect(CustomKeyStoreId)).toBe('CLUSTER_NOT_FOUND');
  });
});
