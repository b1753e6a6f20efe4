// SPDX-License-Identifier: Apache-2.0
// ModifyCluster: the backup retention.
import { describeCluster } from '../../clusters/describe.ts';
import { clusterIdText, findCluster } from '../../clusters/find-cluster.ts';
import { oneOf, text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { optional, required, structure } from '../../protocol/shape.ts';
import { retentionDays } from './create-cluster.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_ModifyCluster.html */
export const modifyCluster = operation(
  'ModifyCluster',
  {
    ClusterId: required(clusterIdText),
    HsmType: optional(oneOf(['hsm1.medium', 'hsm2m.medium'])),
    BackupRetentionPolicy: optional(
      structure({ Type: optional(oneOf(['DAYS'])), Value: optional(text(1, 3)) }),
    ),
  },
  (call, input) => {
    const cluster = findCluster(call, input.ClusterId);
    const changed = {
      ...cluster,
      hsmType: input.HsmType ?? cluster.hsmType,
      retentionDays:
        input.BackupRetentionPolicy === undefined
          ? cluster.retentionDays
          : retentionDays(input.BackupRetentionPolicy),
    };
    call.emulator.store.clusters.put(changed);
    return { Cluster: describeCluster(changed) };
  },
);
