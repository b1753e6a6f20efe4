// SPDX-License-Identifier: Apache-2.0
// RestoreBackup: takes a backup out of PENDING_DELETION.
import { findBackup, requireBackupState } from '../../clusters/backups.ts';
import { describeBackup } from '../../clusters/describe.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { backupIdText } from './backup-request.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_RestoreBackup.html */
export const restoreBackup = operation(
  'RestoreBackup',
  { BackupId: required(backupIdText) },
  (call, input) => {
    const backup = findBackup(call, input.BackupId);
    requireBackupState(backup, 'PENDING_DELETION');
    const changed = { ...backup, state: 'READY' as const, deleteAt: null };
    call.emulator.store.backups.put(changed);
    return { Backup: describeBackup(call.emulator.place, changed) };
  },
);
