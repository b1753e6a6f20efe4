// SPDX-License-Identifier: Apache-2.0
// HSMs of a real cluster of the key endpoint, each a SoftHSM token: seen, added and ended.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CloudHsmFleet } from '#adapters/kms/hsm-fleet.ts';
import {
  createActiveCluster,
  startEmulator,
  type TestEmulator,
  until,
} from '#test/emulator/support.ts';

let emulator: TestEmulator;
let fleet: CloudHsmFleet;
let clusterId: string;

beforeAll(async () => {
  emulator = await startEmulator();
  fleet = new CloudHsmFleet(emulator.cloudhsm());
  ({ clusterId } = await createActiveCluster(emulator));
});
afterAll(() => emulator.stop());

const active = async () =>
  (await fleet.view(clusterId)).hsms.filter(({ state }) => state === 'ACTIVE');

describe('the HSMs of a cluster', () => {
  it('are seen with their zones, type, and how long backups are kept', async () => {
    const { hsms, ...said } = await fleet.view(clusterId);

    expect(said).toMatchObject({
      clusterId,
      hsmType: expect.stringMatching(/^hsm/),
      backupRetentionDays: 90,
    });
    expect(said.zones.length).toBeGreaterThanOrEqual(2);
    expect(new Set(hsms.map(({ zone }) => zone)).size).toBe(2);
    for (const { id } of hsms) expect(id).toMatch(/^hsm-/);
  });

  it('are made and ended, and the backup before the end is the newest', async () => {
    const [old] = await active();
    const before = await fleet.view(clusterId);
    await fleet.addHsm(clusterId, old?.zone ?? '');
    const are = (count: number) => async () =>
      (await active()).length === count ? true : undefined;
    await until('three HSMs', are(3));
    await fleet.deleteHsm(clusterId, old?.id ?? '');
    await until('two HSMs', are(2));

    expect((await active()).map(({ id }) => id)).not.toContain(old?.id);
    const backedUp = await until('the backup', async () => {
      const { newestBackupAt } = await fleet.view(clusterId);
      return newestBackupAt === before.newestBackupAt ? undefined : newestBackupAt;
    });
    expect(Date.parse(String(backedUp))).toBeGreaterThan(Date.now() - 60_000);
  });

  it('of a cluster that is not there, and what CloudHSM refuses, are errors in plain words', async () => {
    await expect(fleet.view('cluster-aaaaaaaaaaa')).rejects.toMatchObject({
      name: 'KeyStoreUnavailable',
    });
    await expect(fleet.addHsm(clusterId, 'us-east-1z')).rejects.toMatchObject({
      name: 'KeyStoreUnavailable',
      message: expect.stringContaining('CloudHSM refused'),
    });
  });
});
