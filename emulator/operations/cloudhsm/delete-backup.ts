// SPDX-License-Identifier: Apache-2.0
// DeleteBackup: the backup is PENDING_DELETION for seven days, then gone.
import {
  findBackup,
  PENDING_DELETION_MILLISECONDS,
  requireBackupState,
} from '../../clusters/backups.ts';
import { describeBackup } from '../../clusters/describe.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { backupIdText } from './backup-request.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_DeleteBackup.html */
export const deleteBackup = operation(
  'DeleteBackup',
  { BackupId: required(backupIdText) },
  (call, input) => {
    const backup = findBackup(call, input.BackupId);
    requireBackupState(backup, 'READY');
    const changed = {
      ...backup,
      state: 'PENDING_DELETION' as const,
      deleteAt: call.now + PENDING_DELETION_MILLISECONDS,
    };
    call.emulator.store.backups.put(changed);
    return { Backup: describeBackup(call.emulator.place, changed) };
  },
);
