// SPDX-License-Identifier: Apache-2.0
// DescribeBackups: what was kept when HSMs and clusters were deleted.

import { describeBackup } from '../../clusters/describe.ts';
import { clusterFilters, filterPage } from '../../clusters/filters.ts';
import { flag } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_DescribeBackups.html */
export const describeBackups = operation(
  'DescribeBackups',
  { ...clusterFilters, SortAscending: optional(flag), Shared: optional(flag) },
  (call, input) => {
    const { items, more } = filterPage(
      call.emulator.store.clusters.backups(),
      input,
      {
        backupIds: ({ backupId }) => backupId,
        sourceBackupIds: () => '',
        clusterIds: ({ clusterId }) => clusterId,
        states: () => 'READY',
        neverExpires: () => 'false',
      },
      ({ backupId }) => backupId,
    );
    return { Backups: items.map(describeBackup), ...more };
  },
);
