// SPDX-License-Identifier: Apache-2.0
// DescribeBackups: the backups that are there now, filtered; the oldest last unless asked otherwise.
import { currentBackups } from '../../clusters/backups.ts';
import { describeBackup } from '../../clusters/describe.ts';
import { clusterFilters, filterPage } from '../../clusters/filters.ts';
import { flag } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional } from '../../protocol/shape.ts';
import type { BackupRecord } from '../../store/backups.ts';

// Pages go on after a name, so the name carries the order: instants have 13 digits until the year 2286.
const nameOf = ({ createdAt, backupId }: BackupRecord, isAscending: boolean) =>
  `${isAscending ? createdAt : 9_999_999_999_999 - createdAt}/${backupId}`;

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_DescribeBackups.html */
export const describeBackups = operation(
  'DescribeBackups',
  { ...clusterFilters, SortAscending: optional(flag), Shared: optional(flag) },
  (call, input) => {
    const name = (backup: BackupRecord) => nameOf(backup, input.SortAscending === true);
    // Backups that other accounts share: there are none.
    const backups = input.Shared === true ? [] : currentBackups(call.emulator);
    const { items, more } = filterPage(
      backups.sort((left, right) => (name(left) < name(right) ? -1 : 1)),
      input,
      {
        backupIds: ({ backupId }) => backupId,
        sourceBackupIds: ({ source }) => source?.backupId ?? '',
        clusterIds: ({ clusterId }) => clusterId,
        states: ({ state }) => state,
        neverExpires: ({ neverExpires }) => String(neverExpires),
      },
      name,
    );
    return {
      Backups: items.map((backup) => describeBackup(call.emulator.place, backup)),
      ...more,
    };
  },
);
