// SPDX-License-Identifier: Apache-2.0
// Table of contents: every CloudHSM v2 operation the emulator performs.
import { authorized } from '../../authorization/cloudhsm.ts';
import { tableOf } from '../../protocol/operation.ts';
import { copyBackupToRegion } from './copy-backup-to-region.ts';
import { createCluster } from './create-cluster.ts';
import { createHsm } from './create-hsm.ts';
import { deleteBackup } from './delete-backup.ts';
import { deleteCluster } from './delete-cluster.ts';
import { deleteHsm } from './delete-hsm.ts';
import { describeBackups } from './describe-backups.ts';
import { describeClusters } from './describe-clusters.ts';
import { initializeCluster } from './initialize-cluster.ts';
import { listTags } from './list-tags.ts';
import { modifyBackupAttributes } from './modify-backup-attributes.ts';
import { modifyCluster } from './modify-cluster.ts';
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy } from './resource-policy.ts';
import { restoreBackup } from './restore-backup.ts';
import { tagResource } from './tag-resource.ts';
import { untagResource } from './untag-resource.ts';

/** CloudHSM v2 operations by name on the wire. */
export const cloudHsmOperations = tableOf(
  [
    copyBackupToRegion,
    createCluster,
    createHsm,
    deleteBackup,
    deleteCluster,
    deleteHsm,
    deleteResourcePolicy,
    describeBackups,
    describeClusters,
    getResourcePolicy,
    initializeCluster,
    listTags,
    modifyBackupAttributes,
    modifyCluster,
    putResourcePolicy,
    restoreBackup,
    tagResource,
    untagResource,
  ].map(authorized),
);
