// SPDX-License-Identifier: Apache-2.0
// Clusters of drills over a real key endpoint: made of a backup, found by their tag, and gone with their backups.
import { DescribeClustersCommand } from '@aws-sdk/client-cloudhsm-v2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CloudHsmDrillSite } from '#adapters/kms/drill-site.ts';
import { CloudHsmFleet } from '#adapters/kms/hsm-fleet.ts';
import {
  createActiveCluster,
  startEmulator,
  type TestEmulator,
  until,
} from '#test/emulator/support.ts';

const TAG = 'keyturn-local/drl_0001/2026-10-13T09:00:00.000Z';
let emulator: TestEmulator;
let site: CloudHsmDrillSite;
let clusterId: string;

beforeAll(async () => {
  emulator = await startEmulator();
  ({ clusterId } = await createActiveCluster(emulator));
  const fleet = new CloudHsmFleet(emulator.cloudhsm());
  const { hsms, hsmType } = await fleet.view(clusterId);
  const found = await emulator.cloudhsm().send(new DescribeClustersCommand({}));
  const subnets = Object.values(found.Clusters?.[0]?.SubnetMapping ?? {});
  site = new CloudHsmDrillSite(emulator.cloudhsm(), {
    hsmType,
    subnetIds: subnets,
    zones: [hsms[0]?.zone ?? ''],
    backupRetentionDays: 7,
  });
  await fleet.deleteHsm(clusterId, hsms[1]?.id ?? '');
});
afterAll(() => emulator.stop());

const one = async () => (await site.clustersOf(TAG))[0];
const ended = async () => ((await site.clustersOf(TAG)).length === 0 ? true : undefined);

it('a cluster of a drill is made of the newest backup, found by its tag alone, and removed', async () => {
  const backup = await until(
    'a backup',
    async () => (await site.newestBackup(clusterId)) ?? undefined,
  );
  expect(await site.clustersOf(TAG)).toEqual([]);
  await site.createCluster(backup.id, TAG);
  const made = await until('the cluster', async () => {
    const found = await one();
    return found?.state === 'CREATE_IN_PROGRESS' ? undefined : found;
  });
  expect(made).toMatchObject({ state: 'INITIALIZED', hsms: [] });
  expect(await site.clustersOf(`${TAG}x`)).toEqual([]);
  await site.createHsm(made.id);
  const active = await until('the HSM', async () =>
    (await one())?.hsms.find(({ state }) => state === 'ACTIVE'),
  );
  await expect(site.deleteCluster(made.id)).rejects.toMatchObject({ name: 'KeyStoreUnavailable' });
  await site.deleteHsm(made.id, active.id);
  await until('the end of the HSM', async () =>
    (await one())?.hsms.length === 0 ? true : undefined,
  );
  await site.deleteCluster(made.id);
  await until('the end of the cluster', ended);
  const ready = await until('its backups', async () => {
    const all = await site.backupsOf([made.id]);
    return all.length > 0 && all.every(({ state }) => state === 'READY') ? all : undefined;
  });
  for (const { id } of ready) await site.deleteBackup(id);
  const states = (await site.backupsOf([made.id])).map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['PENDING_DELETION']));
  // The end of an HSM in `beforeAll` has a backup of its own, which may have become ready meanwhile.
  const newest = await site.newestBackup(clusterId);
  expect(ready.map(({ id }) => id)).not.toContain(newest?.id);
  expect(newest).not.toBeNull();
});
