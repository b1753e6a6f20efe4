// SPDX-License-Identifier: Apache-2.0
// Table of contents: every CloudHSM v2 operation the emulator performs.
import { tableOf } from '../../protocol/operation.ts';
import { createCluster } from './create-cluster.ts';
import { createHsm } from './create-hsm.ts';
import { deleteCluster } from './delete-cluster.ts';
import { deleteHsm } from './delete-hsm.ts';
import { describeBackups } from './describe-backups.ts';
import { describeClusters } from './describe-clusters.ts';
import { initializeCluster } from './initialize-cluster.ts';
import { listTags } from './list-tags.ts';
import { modifyCluster } from './modify-cluster.ts';
import { tagResource } from './tag-resource.ts';
import { untagResource } from './untag-resource.ts';

/** CloudHSM v2 operations by name on the wire. */
export const cloudHsmOperations = tableOf([
  createCluster,
  createHsm,
  deleteCluster,
  deleteHsm,
  describeBackups,
  describeClusters,
  initializeCluster,
  listTags,
  modifyCluster,
  tagResource,
  untagResource,
]);
