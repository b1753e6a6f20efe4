// SPDX-License-Identifier: Apache-2.0
// InitializeCluster: takes the certificate that the customer's CA made of the cluster's CSR.
import { takeBackup } from '../../clusters/backups.ts';
import { certificateProblem } from '../../clusters/certificates.ts';
import { clusterIdText, findCluster, invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { activeHsms, SETTLE_MILLISECONDS } from '../../hsm/cluster-state.ts';
import { text } from '../../protocol/members.ts';
import { exclusive, operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_InitializeCluster.html */
export const initializeCluster = exclusive(
  operation(
    'InitializeCluster',
    {
      ClusterId: required(clusterIdText),
      SignedCert: required(text(1, 20_000, { secret: true })),
      TrustAnchor: required(text(1, 20_000, { secret: true })),
    },
    (call, input) => {
      const cluster = findCluster(call, input.ClusterId);
      const { csr } = cluster;
      if (cluster.state !== 'UNINITIALIZED' || csr === null || activeHsms(cluster).length === 0) {
        throw invalidClusterRequest(
          `Cluster ${cluster.clusterId} must be UNINITIALIZED with one active HSM; it is ${cluster.state}.`,
        );
      }
      const given = { signedCert: input.SignedCert, trustAnchor: input.TrustAnchor, csr };
      const problem = certificateProblem(given, call.now);
      if (problem !== undefined) throw invalidClusterRequest(problem);
      const initialized = {
        ...cluster,
        state: 'INITIALIZE_IN_PROGRESS' as const,
        settlesAt: call.now + SETTLE_MILLISECONDS,
        clusterCertificate: input.SignedCert,
        trustAnchor: input.TrustAnchor,
      };
      takeBackup(call.emulator, initialized, call.now, () =>
        call.emulator.store.clusters.put(initialized),
      );
      return { State: 'INITIALIZE_IN_PROGRESS', StateMessage: 'Cluster is initializing.' };
    },
  ),
);
