// SPDX-License-Identifier: Apache-2.0
// CreateHsm: the first HSM brings the cluster's CSR; more follow once the cluster is initialized.
import { makeClusterCertificates } from '../../clusters/certificates.ts';
import { describeHsm } from '../../clusters/describe.ts';
import { clusterIdText, findCluster, invalidClusterRequest } from '../../clusters/find-cluster.ts';
import { newIdentifier } from '../../clusters/identifiers.ts';
import { currentCluster, SETTLE_MILLISECONDS } from '../../hsm/cluster-state.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { type Call, exclusive, operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import type { ClusterRecord, HsmRecord } from '../../store/clusters.ts';

const HSMS_PER_CLUSTER = 28;

function requireQuota({ emulator }: Call): void {
  const { store, clock, quotas } = emulator;
  const count = store.clusters
    .all()
    .map(({ clusterId }) => currentCluster(store, clock, clusterId)?.hsms.length ?? 0)
    .reduce((total, hsms) => total + hsms, 0);
  if (count < quotas.hsms) return;
  throw new AwsError(
    'CloudHsmResourceLimitExceededException',
    `The quota of ${quotas.hsms} HSMs is reached.`,
  );
}

function requireRoom(cluster: ClusterRecord): void {
  const first = cluster.state === 'UNINITIALIZED' && cluster.hsms.length === 0;
  if (!first && cluster.state !== 'INITIALIZED' && cluster.state !== 'ACTIVE') {
    throw invalidClusterRequest(
      `Cluster ${cluster.clusterId} is ${cluster.state} and takes no HSM now.`,
    );
  }
  if (cluster.hsms.length < HSMS_PER_CLUSTER) return;
  throw new AwsError('CloudHsmResourceLimitExceededException', 'The cluster is full.');
}

function newHsm(call: Call, cluster: ClusterRecord, zone: string, ip?: string): HsmRecord {
  const subnetId = cluster.subnetMapping[zone];
  if (subnetId === undefined) {
    throw invalidClusterRequest(`Cluster ${cluster.clusterId} has no subnet in ${zone}.`);
  }
  return {
    hsmId: newIdentifier('hsm'),
    availabilityZone: zone,
    subnetId,
    ipAddress:
      ip ?? `10.0.${Object.keys(cluster.subnetMapping).indexOf(zone)}.${10 + cluster.hsms.length}`,
    state: 'CREATE_IN_PROGRESS',
    settlesAt: call.now + SETTLE_MILLISECONDS,
  };
}

/** The first HSM makes the key of the cluster: its token, CSR and certificate, before any row names them. */
async function firstCertificates(call: Call, cluster: ClusterRecord, { hsmId }: HsmRecord) {
  if (cluster.csr !== null) return {};
  call.emulator.hsm.clusterToken(cluster.clusterId);
  return makeClusterCertificates(cluster.clusterId, hsmId);
}

/** @see https://docs.aws.amazon.com/cloudhsm/latest/APIReference/API_CreateHsm.html */
export const createHsm = exclusive(
  operation(
    'CreateHsm',
    {
      ClusterId: required(clusterIdText),
      AvailabilityZone: required(text(1, 64, { pattern: /^[a-z]{2}(-(gov))?-[a-z]+-\d[a-z]$/ })),
      IpAddress: optional(
        text(1, 15, {
          pattern: /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/,
          patternShown: '\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}',
        }),
      ),
    },
    async (call, input) => {
      const cluster = findCluster(call, input.ClusterId);
      requireRoom(cluster);
      requireQuota(call);
      const hsm = newHsm(call, cluster, input.AvailabilityZone, input.IpAddress);
      const certificates = await firstCertificates(call, cluster, hsm);
      const changed = { ...cluster, ...certificates, hsms: [...cluster.hsms, hsm] };
      call.emulator.store.clusters.put(changed);
      return { Hsm: describeHsm(changed, hsm) };
    },
  ),
);
