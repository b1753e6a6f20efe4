// SPDX-License-Identifier: Apache-2.0
// What CloudHSM tags by id: clusters and backups.
import type { Call } from '../protocol/operation.ts';
import { findBackup } from './backups.ts';
import { findCluster } from './find-cluster.ts';

type Tags = Readonly<Record<string, string>>;

/** Tags of a cluster or backup, and how to change them. @throws AwsError CloudHsmResourceNotFoundException */
export function taggedResource(call: Call, resourceId: string) {
  const { clusters, backups } = call.emulator.store;
  if (resourceId.startsWith('backup-')) {
    const backup = findBackup(call, resourceId);
    return { tags: backup.tags, setTags: (tags: Tags) => backups.put({ ...backup, tags }) };
  }
  const cluster = findCluster(call, resourceId);
  return { tags: cluster.tags, setTags: (tags: Tags) => clusters.put({ ...cluster, tags }) };
}
