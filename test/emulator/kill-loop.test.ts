// SPDX-License-Identifier: Apache-2.0
// SIGKILL in the middle of every kind of mutating call, again and again on one data folder. After each restart no key
// is without material, no object without a key, KMS connects with the password it holds, and what was answered holds.
// `SEED` repeats a run, `KEYTURN_KILLS` sets its length.
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CloudHSMV2Client,
  CopyBackupToRegionCommand,
  CreateClusterCommand,
  DeleteClusterCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import {
  ConnectCustomKeyStoreCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EncryptCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  type KMSClient,
  ListKeysCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generator } from '#emulator/faults/seeded.ts';
import { type ChildEmulator, spawnEmulator } from './child.ts';
import { type Administered, admin, hsmAdmin } from './hsm-admin.ts';
import {
  addHsms,
  createConnectedKeyStore,
  initializeNewCluster,
  until,
  waitForKeyStore,
} from './support.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_125);
const KILLS = Number(process.env['KEYTURN_KILLS'] ?? 9);
const SUBNETS = ['subnet-0000000a', 'subnet-0000000b'];
const Plaintext = Buffer.from('kept');
const random = generator(SEED);

let dataFolder: string;
let emulator: ChildEmulator & Administered;
let kms: KMSClient;
let cloudhsm: CloudHSMV2Client;
let keyStoreId: string;
let clusterId: string;
/** What was answered: ciphertexts of keys whose deletion nobody asked for. */
const answered: (Uint8Array | undefined)[] = [];

async function boot(): Promise<void> {
  const child = await spawnEmulator('--data', dataFolder);
  const adminToken = readFileSync(join(dataFolder, 'admin-token'), 'utf8').trim();
  emulator = { ...child, adminToken };
  kms = emulator.kms();
  cloudhsm = emulator.cloudhsm();
}

beforeAll(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  await boot();
  ({ keyStoreId, clusterId } = await createConnectedKeyStore(emulator));
});
afterAll(async () => {
  await emulator.end('SIGTERM');
  rmSync(dataFolder, { recursive: true, force: true });
});

async function createKey(inStore: boolean): Promise<string> {
  const input = { CustomKeyStoreId: keyStoreId, Origin: 'AWS_CLOUDHSM' as const };
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(inStore ? input : {}));
  return KeyMetadata?.KeyId ?? '';
}

async function createAndKeep(inStore: boolean): Promise<void> {
  const KeyId = await createKey(inStore);
  answered.push((await kms.send(new EncryptCommand({ KeyId, Plaintext }))).CiphertextBlob);
}

/** A key is scheduled for deletion, and the clock is set to its end. */
async function destroyKey(inStore: boolean): Promise<void> {
  const KeyId = await createKey(inStore);
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  await admin(emulator, 'POST', 'clock', { offsetSeconds: 8 * 86_400 });
  await admin(emulator, 'DELETE', 'clock');
}

async function importKey(): Promise<void> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL' }));
  const KeyId = KeyMetadata?.KeyId ?? '';
  const WrappingAlgorithm = 'RSAES_OAEP_SHA_256';
  const { PublicKey, ImportToken } = await kms.send(
    new GetParametersForImportCommand({ KeyId, WrappingAlgorithm, WrappingKeySpec: 'RSA_2048' }),
  );
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const EncryptedKeyMaterial = publicEncrypt({ key, padding, oaepHash: 'sha256' }, randomBytes(32));
  const ExpirationModel = 'KEY_MATERIAL_DOES_NOT_EXPIRE';
  await kms.send(
    new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel }),
  );
  answered.push((await kms.send(new EncryptCommand({ KeyId, Plaintext }))).CiphertextBlob);
}

async function reconnect(): Promise<void> {
  await kms.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId }));
  await waitForKeyStore(kms, keyStoreId, 'DISCONNECTED');
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId }));
  await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
}

async function clusterOf(id: string) {
  const command = new DescribeClustersCommand({ Filters: { clusterIds: [id] } });
  return (await cloudhsm.send(command)).Clusters?.[0];
}

/** Deletes an HSM, which leaves a backup, and puts another in its place. */
async function replaceHsm(): Promise<void> {
  const { HsmId = '' } = (await clusterOf(clusterId))?.Hsms?.[0] ?? {};
  await cloudhsm.send(new DeleteHsmCommand({ ClusterId: clusterId, HsmId }));
  await repairCluster();
}

/** HSMs in both zones, whatever was cut short. */
async function repairCluster(): Promise<void> {
  const present = await until('no HSM is on its way', async () => {
    const { Hsms = [] } = (await clusterOf(clusterId)) ?? {};
    return Hsms.every(({ State }) => State === 'ACTIVE') ? Hsms : undefined;
  });
  const zones = present.map(({ AvailabilityZone }) => AvailabilityZone);
  const missing = ['us-east-1a', 'us-east-1b'].filter((zone) => !zones.includes(zone));
  await addHsms(cloudhsm, clusterId, missing);
}

async function readyBackup(): Promise<string> {
  const Filters = { clusterIds: [clusterId], states: ['READY'] };
  const { Backups = [] } = await cloudhsm.send(new DescribeBackupsCommand({ Filters }));
  return Backups[0]?.BackupId ?? '';
}

async function copyBackup(): Promise<void> {
  const BackupId = await readyBackup();
  await cloudhsm.send(new CopyBackupToRegionCommand({ BackupId, DestinationRegion: 'eu-west-1' }));
}

async function restoreBackup(): Promise<void> {
  const members = { HsmType: 'hsm1.medium', SubnetIds: SUBNETS };
  await cloudhsm.send(
    new CreateClusterCommand({ ...members, SourceBackupId: await readyBackup() }),
  );
  await removeOtherClusters();
}

async function initializeCluster(): Promise<void> {
  await initializeNewCluster(emulator);
}

/** Removes every cluster but the key store's; where nothing was cut short, each step is one that CloudHSM allows. */
async function removeOtherClusters(): Promise<void> {
  const { Clusters = [] } = await cloudhsm.send(new DescribeClustersCommand({}));
  for (const { ClusterId = '', State } of Clusters) {
    if (ClusterId === clusterId || State === 'DELETED' || State === 'DELETE_IN_PROGRESS') continue;
    const settled = await until('the cluster settles', async () => {
      const cluster = await clusterOf(ClusterId);
      const isMoving = cluster?.State?.endsWith('IN_PROGRESS') === true;
      const hsms = cluster?.Hsms ?? [];
      const hasMovingHsm = hsms.some((hsm) => hsm.State !== 'ACTIVE');
      return isMoving || hasMovingHsm ? undefined : cluster;
    });
    for (const { HsmId = '' } of settled?.Hsms ?? []) {
      await cloudhsm.send(new DeleteHsmCommand({ ClusterId, HsmId }));
    }
    await until('its HSMs are gone', async () =>
      (await clusterOf(ClusterId))?.Hsms?.length === 0 ? true : undefined,
    );
    await cloudhsm.send(new DeleteClusterCommand({ ClusterId }));
  }
}

/** What is cut short, with how long it runs at most until it is, milliseconds. */
const VICTIMS: readonly (readonly [string, number, () => Promise<void>])[] = [
  ['a key in the key store', 60, () => createAndKeep(true)],
  ['a key in the standard store', 30, () => createAndKeep(false)],
  ['a connection, which replaces the password of kmsuser', 800, reconnect],
  ['a backup by DeleteHsm', 120, replaceHsm],
  ['a cluster made of a backup', 500, restoreBackup],
  ['the end of a key in the key store', 120, () => destroyKey(true)],
  ['InitializeCluster', 1200, initializeCluster],
  ['an import', 250, importKey],
  ['a copy of a backup', 120, copyBackup],
];

async function connectAgain(): Promise<void> {
  const store = await until('the connection settles', async () => {
    const { CustomKeyStores } = await kms.send(
      new DescribeCustomKeyStoresCommand({ CustomKeyStoreId: keyStoreId }),
    );
    const [found] = CustomKeyStores ?? [];
    return found?.ConnectionState?.endsWith('ING') === true ? undefined : found;
  });
  expect(store?.ConnectionErrorCode).toBeUndefined();
  if (store?.ConnectionState !== 'CONNECTED') {
    await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: keyStoreId }));
  }
  await waitForKeyStore(kms, keyStoreId, 'CONNECTED');
}

/** ARNs of the keys of the key store, as KMS lists them. */
async function keysInStore(): Promise<string[]> {
  const { Keys = [] } = await kms.send(new ListKeysCommand({ Limit: 1000 }));
  const described = await Promise.all(
    Keys.map(({ KeyId }) => kms.send(new DescribeKeyCommand({ KeyId }))),
  );
  return described.flatMap(({ KeyMetadata }) =>
    KeyMetadata?.CustomKeyStoreId === keyStoreId ? [KeyMetadata.Arn ?? ''] : [],
  );
}

interface Objects {
  readonly objects: readonly { readonly label: string; readonly kmsKey: string | null }[];
}

async function expectConsistency(): Promise<void> {
  await repairCluster();
  await connectAgain();
  const { body } = await hsmAdmin(emulator, 'GET', 'objects', { clusterId });
  const { objects } = body as Objects;
  expect(objects.map(({ kmsKey }) => kmsKey)).toEqual(objects.map(({ label }) => label));
  expect(objects.map(({ label }) => label).sort()).toEqual((await keysInStore()).sort());
  for (const CiphertextBlob of answered) {
    const { Plaintext: opened } = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(opened ?? [])).toEqual(Plaintext);
  }
  await removeOtherClusters();
}

it(
  `${KILLS} kills in the middle of mutating calls leave rows and HSM in agreement (SEED=${SEED})`,
  async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const [what, atMost, act] = VICTIMS[kill % VICTIMS.length] ?? ['', 0, async () => undefined];
      const delay = random() * atMost;
      const acting = act().then(
        () => undefined,
        (error: unknown) => error,
      );
      // Not a wait for a condition: the kill is to come at any instant of the call.
      await new Promise((resolve) => setTimeout(resolve, delay));
      await emulator.end('SIGKILL');
      await acting;
      await boot();
      try {
        await expectConsistency();
      } catch (cause) {
        throw new Error(`after kill ${kill}, ${delay.toFixed(0)} ms into ${what}`, { cause });
      }
    }
  },
  30_000 + KILLS * 12_000,
);
