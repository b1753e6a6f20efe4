// SPDX-License-Identifier: Apache-2.0
// What a cluster made of a backup takes over: certificates, users and keys of that moment, and only those.
import { backupFolder, findBackup, requireBackupState } from '../../clusters/backups.ts';
import { invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { AwsError } from '../../protocol/errors.ts';
import type { Call } from '../../protocol/operation.ts';
import type { BackupRecord } from '../../store/backups.ts';

interface Wanted {
  readonly HsmType: string;
  readonly Mode?: string | undefined;
}

/** The backup to restore. @throws AwsError */
export function requireRestorable(call: Call, idOrArn: string, wanted: Wanted): BackupRecord {
  const backup = findBackup(call, idOrArn);
  requireBackupState(backup, 'READY');
  if (backup.hsmType === 'hsm2m.medium' && wanted.HsmType === 'hsm1.medium') {
    throw invalidClusterRequest('A backup of hsm2m.medium cannot be restored to hsm1.medium.');
  }
  if (wanted.Mode !== undefined && wanted.Mode !== backup.mode) {
    throw invalidClusterRequest(`The backup is of a cluster in mode ${backup.mode}.`);
  }
  return backup;
}

/** Makes the cluster's token of the backup's. The row comes after it: a token without one goes at start. */
export function restoreToken(call: Call, backup: BackupRecord, clusterId: string): void {
  const { hsm, dataFolder } = call.emulator;
  try {
    hsm.restore(backupFolder(dataFolder, backup.backupId), clusterId);
  } catch (error) {
    process.stderr.write(`emulator: ${backup.backupId} was not restored: ${String(error)}\n`);
    throw new AwsError('CloudHsmInternalFailureException', 'The backup could not be restored.');
  }
}
