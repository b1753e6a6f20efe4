// SPDX-License-Identifier: Apache-2.0
// CloudHSM backs every active cluster up at least once a day, whoever asks. Here that happens when the emulator looks
// at its clock: once a minute, and when the clock is set.
import { activeHsms, currentCluster } from '../hsm/cluster-state.ts';
import type { Emulator } from '../settings.ts';
import { takeBackup } from './backups.ts';

const DAY_MILLISECONDS = 86_400_000;

function lastBackup({ store }: Emulator, clusterId: string): number {
  const own = store.backups
    .all()
    .filter((backup) => backup.clusterId === clusterId && backup.source === null);
  return Math.max(0, ...own.map(({ createdAt }) => createdAt));
}

/** Backs up the clusters whose last backup is a day older than the instant, as of it. */
export async function takeDailyBackups(emulator: Emulator, at: number): Promise<void> {
  const { store, clock, hsm } = emulator;
  const due = ({ clusterId }: { readonly clusterId: string }) => {
    const cluster = currentCluster(store, clock, clusterId);
    const isRunning = cluster?.state === 'ACTIVE' && activeHsms(cluster).length > 0;
    if (!isRunning || lastBackup(emulator, clusterId) + DAY_MILLISECONDS > at) return [];
    return [cluster];
  };
  if (store.clusters.all().flatMap(due).length === 0) return;
  await hsm.gate.run(true, () => {
    for (const cluster of store.clusters.all().flatMap(due)) takeBackup(emulator, cluster, at);
  });
}
