// SPDX-License-Identifier: Apache-2.0
// ModifyBackupAttributes: exempts a backup from its cluster's retention, or takes that back.
import { findBackup, requireBackupState } from '../../clusters/backups.ts';
import { describeBackup } from '../../clusters/describe.ts';
import { flag } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import { backupIdText } from './backup-request.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_ModifyBackupAttributes.html */
export const modifyBackupAttributes = operation(
  'ModifyBackupAttributes',
  { BackupId: required(backupIdText), NeverExpires: required(flag) },
  (call, input) => {
    const backup = findBackup(call, input.BackupId);
    requireBackupState(backup, 'READY');
    const changed = { ...backup, neverExpires: input.NeverExpires };
    call.emulator.store.backups.put(changed);
    return { Backup: describeBackup(call.emulator.place, changed) };
  },
);
