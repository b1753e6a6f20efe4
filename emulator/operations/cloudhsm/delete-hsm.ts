// SPDX-License-Identifier: Apache-2.0
// DeleteHsm: by id, ENI or address; CloudHSM takes a backup first.
import { takeBackup } from '../../clusters/backups.ts';
import { describeHsm } from '../../clusters/describe.ts';
import { clusterIdText, findCluster, invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { SETTLE_MILLISECONDS } from '../../hsm/cluster-state.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { exclusive, operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_DeleteHsm.html */
export const deleteHsm = exclusive(
  operation(
    'DeleteHsm',
    {
      ClusterId: required(clusterIdText),
      HsmId: optional(text(1, 64)),
      EniId: optional(text(1, 64)),
      EniIp: optional(text(1, 64)),
    },
    (call, input) => {
      const cluster = findCluster(call, input.ClusterId);
      if (!input.HsmId && !input.EniId && !input.EniIp) {
        throw invalidClusterRequest('One of HsmId, EniId and EniIp is required.');
      }
      const hsm = cluster.hsms.find((candidate) => {
        const { HsmId, EniId, EniIp } = describeHsm(cluster, candidate);
        return HsmId === input.HsmId || EniId === input.EniId || EniIp === input.EniIp;
      });
      if (hsm === undefined) {
        throw new AwsError('CloudHsmResourceNotFoundException', 'The HSM does not exist.');
      }
      const leaving = {
        ...hsm,
        state: 'DELETE_IN_PROGRESS' as const,
        settlesAt: call.now + SETTLE_MILLISECONDS,
      };
      const hsms = cluster.hsms.map((candidate) => (candidate === hsm ? leaving : candidate));
      const write = () => call.emulator.store.clusters.put({ ...cluster, hsms });
      if (cluster.clusterCertificate === null) write();
      else takeBackup(call.emulator, cluster, call.now, write);
      return { HsmId: hsm.hsmId };
    },
  ),
);
