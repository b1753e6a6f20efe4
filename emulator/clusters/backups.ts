// SPDX-License-Identifier: Apache-2.0
// Backups of clusters: the token as it is at that moment in a folder, then the row that names it. A folder
// without a row is what a crash left, and goes at the next start.
import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SETTLE_MILLISECONDS } from '../hsm/cluster-state.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import type { Emulator } from '../settings.ts';
import type { BackupRecord } from '../store/backups.ts';
import type { ClusterRecord } from '../store/clusters.ts';
import type { Store } from '../store/store.ts';
import { invalidClusterRequest } from './find-cluster.ts';
import { newIdentifier } from './identifiers.ts';

const DAY_MILLISECONDS = 86_400_000;
/** How long a deleted backup can be restored. */
export const PENDING_DELETION_MILLISECONDS = 7 * DAY_MILLISECONDS;

/** Where the content of a backup lies. */
export function backupFolder(dataFolder: string, backupId: string): string {
  return join(dataFolder, 'backups', backupId);
}

/**
 * Takes a backup, as CloudHSM does when a cluster is initialized, when an HSM or a cluster is deleted, and daily.
 * The caller must have the HSM to itself. `together` is what is written at once with the backup's row: a process that
 * dies leaves both or neither.
 */
export function takeBackup(
  { hsm, store, dataFolder, place }: Emulator,
  cluster: ClusterRecord,
  createdAt: number,
  together: () => void = () => undefined,
): void {
  const backupId = newIdentifier('backup');
  const { historyId, csr, hsmCertificate, clusterCertificate, trustAnchor } = cluster;
  const { kmsUserDigest, awaitsActivation, clusterId, hsmType, mode } = cluster;
  hsm.backUp(clusterId, backupFolder(dataFolder, backupId));
  const content = { historyId, csr, hsmCertificate, clusterCertificate, trustAnchor };
  store.atomically(() => {
    store.backups.put({
      backupId,
      region: place.region,
      clusterId,
      createdAt,
      copiedAt: null,
      source: null,
      state: 'CREATE_IN_PROGRESS',
      settlesAt: createdAt + SETTLE_MILLISECONDS,
      neverExpires: false,
      deleteAt: null,
      hsmType,
      mode,
      tags: {},
      policy: null,
      content: { ...content, kmsUserDigest, awaitsActivation },
    });
    together();
  });
}

/** Copies a backup with its content; the copy lies in another Region. */
export function copyBackup(
  call: Call,
  backup: BackupRecord,
  { dataFolder, store, place }: Emulator,
  tags: BackupRecord['tags'],
): void {
  const backupId = newIdentifier('backup');
  const folder = backupFolder(dataFolder, backupId);
  const partial = `${folder}.partial`;
  cpSync(backupFolder(dataFolder, backup.backupId), partial, { recursive: true });
  renameSync(partial, folder);
  const copy: BackupRecord = {
    ...backup,
    region: place.region,
    tags,
    backupId,
    copiedAt: call.now,
    source: { region: backup.region, backupId: backup.backupId },
    state: 'CREATE_IN_PROGRESS',
    settlesAt: call.now + SETTLE_MILLISECONDS,
    policy: null,
  };
  store.backups.put(copy);
}

/** The cluster of a copied backup is in another Region. */
function retentionDays({ regions }: Emulator, { clusterId }: BackupRecord): number | undefined {
  const found = regions.all().flatMap(({ store }) => store.clusters.find(clusterId) ?? []);
  return found[0]?.retentionDays;
}

function isGone(emulator: Emulator, backup: BackupRecord, now: number): boolean {
  if (backup.deleteAt !== null) return backup.deleteAt <= now;
  const days = retentionDays(emulator, backup);
  if (backup.neverExpires || days === undefined) return false;
  return (backup.copiedAt ?? backup.createdAt) + days * DAY_MILLISECONDS <= now;
}

/** The backups as they are now; those past their deletion or retention are purged with their content. */
export function currentBackups(emulator: Emulator): BackupRecord[] {
  const { store, clock, dataFolder } = emulator;
  const now = clock();
  return store.backups.all().flatMap((backup): BackupRecord[] => {
    if (isGone(emulator, backup, now)) {
      store.backups.remove(backup.backupId);
      rmSync(backupFolder(dataFolder, backup.backupId), { recursive: true, force: true });
      return [];
    }
    const isReady = backup.state === 'CREATE_IN_PROGRESS' && backup.settlesAt <= now;
    return [isReady ? { ...backup, state: 'READY' } : backup];
  });
}

/** A backup by id or ARN. @throws AwsError CloudHsmResourceNotFoundException */
export function findBackup(call: Call, idOrArn: string): BackupRecord {
  const backupId = idOrArn.slice(idOrArn.lastIndexOf('/') + 1);
  const found = currentBackups(call.emulator).find((backup) => backup.backupId === backupId);
  if (found !== undefined) return found;
  throw new AwsError('CloudHsmResourceNotFoundException', `Backup ${backupId} does not exist.`);
}

/** @throws AwsError CloudHsmInvalidRequestException */
export function requireBackupState(backup: BackupRecord, state: BackupRecord['state']): void {
  if (backup.state === state) return;
  throw invalidClusterRequest(`Backup ${backup.backupId} is ${backup.state}, not ${state}.`);
}

/** Removes the content that no backup names. */
export function removeOrphanContent(stores: readonly Store[], dataFolder: string): void {
  const folder = join(dataFolder, 'backups');
  if (!existsSync(folder)) return;
  const known = new Set(
    stores.flatMap(({ backups }) => backups.all().map(({ backupId }) => backupId)),
  );
  for (const name of readdirSync(folder)) {
    if (!known.has(name)) rmSync(join(folder, name), { recursive: true });
  }
}
