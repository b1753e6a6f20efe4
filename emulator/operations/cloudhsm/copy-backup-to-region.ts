// SPDX-License-Identifier: Apache-2.0
// CopyBackupToRegion: a backup of its own with the same content in the destination Region.

import { epochSeconds } from '../../clock.ts';
import { copyBackup, findBackup, requireBackupState } from '../../clusters/backups.ts';
import { clusterTagList, withClusterTags } from '../../clusters/cluster-tags.ts';
import { invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { text } from '../../protocol/members.ts';
import { exclusive, operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import { backupIdText } from './backup-request.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_CopyBackupToRegion.html */
export const copyBackupToRegion = exclusive(
  operation(
    'CopyBackupToRegion',
    {
      DestinationRegion: required(
        text(1, 64, {
          pattern: /^[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d$/,
          patternShown: '[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\\d',
        }),
      ),
      BackupId: required(backupIdText),
      TagList: optional(clusterTagList),
    },
    (call, input) => {
      const backup = findBackup(call, input.BackupId);
      requireBackupState(backup, 'READY');
      const region = input.DestinationRegion;
      if (region === backup.region) {
        throw invalidClusterRequest('The backup is in the destination Region already.');
      }
      const destination = call.emulator.regions.of(region);
      if (destination === undefined) throw invalidClusterRequest(`There is no Region ${region}.`);
      const tags = input.TagList === undefined ? backup.tags : withClusterTags({}, input.TagList);
      copyBackup(call, backup, destination, tags);
      return {
        DestinationBackup: {
          CreateTimestamp: epochSeconds(backup.createdAt),
          SourceRegion: backup.region,
          SourceBackup: backup.backupId,
          SourceCluster: backup.clusterId,
        },
      };
    },
  ),
);
