// SPDX-License-Identifier: Apache-2.0
// Backups: their states, and clusters made of them with the keys of that moment and only those.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CloudHSMV2Client,
  CopyBackupToRegionCommand,
  CreateClusterCommand,
  CreateHsmCommand,
  DeleteBackupCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
  ModifyBackupAttributesCommand,
  RestoreBackupCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import { CreateKeyCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createActiveCluster,
  createConnectedKeyStore,
  refusal,
  startEmulator,
  type TestEmulator,
  until,
} from './support.ts';

const DAY = 86_400_000;
let emulator: TestEmulator;
let cloudhsm: CloudHSMV2Client;
let kms: KMSClient;
let offset: number;
beforeEach(async () => {
  offset = 0;
  emulator = await startEmulator({ clock: () => Date.now() + offset });
  cloudhsm = emulator.cloudhsm();
  kms = emulator.kms();
});
afterEach(() => emulator.stop());

const backupsOf = async (Filters: Record<string, string[]>) =>
  (await cloudhsm.send(new DescribeBackupsCommand({ Filters }))).Backups ?? [];
const hsmsOf = async (clusterId: string) => {
  const command = new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } });
  return (await cloudhsm.send(command)).Clusters?.[0]?.Hsms ?? [];
};
const restoreTo = (SourceBackupId: string) =>
  cloudhsm.send(
    new CreateClusterCommand({
      HsmType: 'hsm1.medium',
      SubnetIds: ['subnet-0000000a', 'subnet-0000000b'],
      SourceBackupId,
    }),
  );

/** Deletes an HSM, which leaves a backup; answers it once it is READY. */
async function backUp(ClusterId: string): Promise<string> {
  const before = (await backupsOf({ clusterIds: [ClusterId] })).map(({ BackupId }) => BackupId);
  const [hsm] = await hsmsOf(ClusterId);
  await cloudhsm.send(new DeleteHsmCommand({ ClusterId, HsmId: hsm?.HsmId ?? '' }));
  return until('a new backup', async () => {
    const ready = await backupsOf({ clusterIds: [ClusterId], states: ['READY'] });
    return ready.find(({ BackupId }) => !before.includes(BackupId))?.BackupId;
  });
}

describe('a backup', () => {
  it('is made when the cluster is initialized, and READY soon after', async () => {
    const { clusterId } = await createActiveCluster(emulator);

    const [backup, ...others] = await backupsOf({ clusterIds: [clusterId] });

    expect(others).toEqual([]);
    expect(backup).toMatchObject({ BackupState: 'READY', NeverExpires: false });
  });

  it('can be restored for seven days after its deletion, then it and its content are gone', async () => {
    const { clusterId } = await createActiveCluster(emulator);
    const [{ BackupId = '' } = {}] = await backupsOf({ clusterIds: [clusterId] });
    const remove = () => cloudhsm.send(new DeleteBackupCommand({ BackupId }));
    const restore = () => cloudhsm.send(new RestoreBackupCommand({ BackupId }));

    expect((await refusal(restore())).name).toBe('CloudHsmInvalidRequestException');
    const { Backup } = await remove();
    expect(Backup?.BackupState).toBe('PENDING_DELETION');
    expect((Backup?.DeleteTimestamp?.getTime() ?? 0) - Date.now()).toBeGreaterThan(6.9 * DAY);
    expect((await refusal(remove())).name).toBe('CloudHsmInvalidRequestException');
    expect((await refusal(restoreTo(BackupId))).name).toBe('CloudHsmInvalidRequestException');
    expect((await restore()).Backup?.BackupState).toBe('READY');
    await remove();
    offset = 8 * DAY;
    expect((await refusal(restore())).name).toBe('CloudHsmResourceNotFoundException');
    expect(existsSync(join(emulator.dataFolder, 'backups', BackupId))).toBe(false);
  });

  it('expires by the retention of its cluster unless it is exempt', async () => {
    const { clusterId } = await createActiveCluster(emulator);
    const kept = await backUp(clusterId);
    await cloudhsm.send(new ModifyBackupAttributesCommand({ BackupId: kept, NeverExpires: true }));

    offset = 91 * DAY;

    const left = await backupsOf({ clusterIds: [clusterId] });
    expect(left.map(({ BackupId }) => BackupId)).toEqual([kept]);
  });

  it('copied to another Region expires there, counted from the copy', async () => {
    const { clusterId } = await createActiveCluster(emulator);
    const BackupId = await backUp(clusterId);
    const there = emulator.cloudhsm({ region: 'eu-west-2' });
    const copies = async () => (await there.send(new DescribeBackupsCommand({}))).Backups ?? [];
    offset = 60 * DAY;
    await cloudhsm.send(
      new CopyBackupToRegionCommand({ BackupId, DestinationRegion: 'eu-west-2' }),
    );

    offset = 149 * DAY;
    expect(await copies()).toHaveLength(1);
    offset = 151 * DAY;
    expect(await copies()).toEqual([]);
  });

  it('copied to another Region is one of its own, found by its source', async () => {
    const { clusterId } = await createActiveCluster(emulator);
    const [{ BackupId = '' } = {}] = await backupsOf({ clusterIds: [clusterId] });
    const copy = (DestinationRegion: string) =>
      cloudhsm.send(new CopyBackupToRegionCommand({ BackupId, DestinationRegion }));

    expect((await refusal(copy('us-east-1'))).name).toBe('CloudHsmInvalidRequestException');
    await copy('eu-west-1');

    expect(await backupsOf({ sourceBackupIds: [BackupId] })).toEqual([]);
    const there = emulator.cloudhsm({ region: 'eu-west-1' });
    const { Backups = [] } = await there.send(new DescribeBackupsCommand({}));
    const [found] = Backups;
    expect(Backups).toHaveLength(1);
    expect(found).toMatchObject({
      SourceRegion: 'us-east-1',
      SourceBackup: BackupId,
      SourceCluster: clusterId,
    });
    expect(found?.BackupId).not.toBe(BackupId);
  });
});

describe('a cluster made of a backup', () => {
  it('becomes active, while the keys of other tokens go on working with fresh handles', async () => {
    const { keyStoreId, clusterId } = await createConnectedKeyStore(emulator);
    const create = async (input: { CustomKeyStoreId?: string }) => {
      const Origin = input.CustomKeyStoreId === undefined ? 'AWS_KMS' : 'AWS_CLOUDHSM';
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({ ...input, Origin }));
      return KeyMetadata?.KeyId ?? '';
    };
    const use = (KeyId: string) =>
      kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
    const keys = [await create({}), await create({ CustomKeyStoreId: keyStoreId })];
    for (const key of keys) await use(key);
    const backup = await backUp(clusterId);

    const traffic = Array.from({ length: 200 }, (_, at) => use(keys[at % 2] ?? ''));
    const { Cluster } = await restoreTo(backup);
    await Promise.all(traffic);

    for (const key of keys) await use(key);
    const ClusterId = Cluster?.ClusterId ?? '';
    await until('active', async () => {
      const command = new DescribeClustersCommand({ Filters: { clusterIds: [ClusterId] } });
      return (await cloudhsm.send(command)).Clusters?.[0]?.State === 'ACTIVE' ? true : undefined;
    });
    const added = new CreateHsmCommand({ ClusterId, AvailabilityZone: 'us-east-1a' });
    expect((await cloudhsm.send(added)).Hsm?.ClusterId).toBe(ClusterId);
  });
});

describe('quotas', () => {
  it('are four clusters and six HSMs unless they were raised', async () => {
    await emulator.stop();
    emulator = await startEmulator({ hsmQuotas: undefined });
    cloudhsm = emulator.cloudhsm();
    const create = () =>
      cloudhsm.send(
        new CreateClusterCommand({ HsmType: 'hsm1.medium', SubnetIds: ['subnet-0000000a'] }),
      );
    for (let count = 0; count < 4; count += 1) await create();

    const error = await refusal(create());

    expect(error.name).toBe('CloudHsmResourceLimitExceededException');
  });
});
