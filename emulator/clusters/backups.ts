// SPDX-License-Identifier: Apache-2.0
// Backups of clusters: a copy of the token as it is at that moment, and the row that names it.
import { join } from 'node:path';
import type { Call } from '../protocol/operation.ts';
import type { ClusterRecord } from '../store/clusters.ts';
import { newIdentifier } from './identifiers.ts';

/** Takes a backup, as CloudHSM does when an HSM or a cluster is deleted; answers its id. */
export function takeBackup(call: Call, cluster: ClusterRecord): string {
  const { hsm, store, dataFolder } = call.emulator;
  const backupId = newIdentifier('backup');
  hsm.copyToken(cluster.clusterId, join(dataFolder, 'backups', backupId));
  store.clusters.putBackup({
    backupId,
    clusterId: cluster.clusterId,
    createdAt: call.now,
    hsmType: cluster.hsmType,
    mode: cluster.mode,
    tags: {},
  });
  return backupId;
}
