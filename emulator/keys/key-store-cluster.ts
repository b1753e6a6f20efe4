// SPDX-License-Identifier: Apache-2.0
// What a cluster must be to carry a custom key store, and who else may want it or its name.
import { randomBytes } from 'node:crypto';
import { activeZones, currentCluster } from '../hsm/cluster-state.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import type { ClusterRecord } from '../store/clusters.ts';

/** `cks-` and 17 hexadecimal digits. */
export function newKeyStoreId(): string {
  return `cks-${randomBytes(9).toString('hex').slice(0, 17)}`;
}

/** @throws AwsError CustomKeyStoreNameInUseException */
export function requireFreeName(call: Call, name: string, exceptId?: string): void {
  const taken = call.emulator.store.keyStores
    .all()
    .some((keyStore) => keyStore.name === name && keyStore.keyStoreId !== exceptId);
  if (!taken) return;
  throw new AwsError(
    'CustomKeyStoreNameInUseException',
    `The custom key store name ${name} is already in use.`,
  );
}

/** @throws AwsError CloudHsmClusterNotFoundException */
export function existingCluster(call: Call, clusterId: string): ClusterRecord {
  const cluster = currentCluster(call.emulator.store, call.emulator.clock, clusterId);
  if (cluster !== undefined && cluster.state !== 'DELETED') return cluster;
  throw new AwsError('CloudHsmClusterNotFoundException', `Cluster ${clusterId} does not exist.`);
}

/** @throws AwsError CloudHsmClusterNotActiveException, CloudHsmClusterInvalidConfigurationException */
export function requireTwoZones(cluster: ClusterRecord): void {
  const { clusterId } = cluster;
  if (cluster.state !== 'ACTIVE') {
    throw new AwsError('CloudHsmClusterNotActiveException', `Cluster ${clusterId} is not active.`);
  }
  if (activeZones(cluster).size >= 2) return;
  throw new AwsError(
    'CloudHsmClusterInvalidConfigurationException',
    `Cluster ${clusterId} must have at least two active HSMs in different Availability Zones.`,
  );
}

/** A cluster, and those made of its backups, carry one key store. @throws AwsError CloudHsmClusterInUseException */
function requireUnused(call: Call, { clusterId, historyId }: ClusterRecord): void {
  const { keyStores, clusters } = call.emulator.store;
  const isUsed = keyStores
    .all()
    .some((keyStore) => clusters.find(keyStore.clusterId)?.historyId === historyId);
  if (!isUsed) return;
  throw new AwsError(
    'CloudHsmClusterInUseException',
    `Cluster ${clusterId}, or one that shares a backup history with it, is already associated with a custom key store.`,
  );
}

/**
 * @throws AwsError CloudHsmClusterNotFoundException, CloudHsmClusterInUseException,
 * CloudHsmClusterNotActiveException, CloudHsmClusterInvalidConfigurationException, IncorrectTrustAnchorException
 */
export function requireUsableCluster(
  call: Call,
  clusterId: string,
  trustAnchor: string,
): ClusterRecord {
  const cluster = existingCluster(call, clusterId);
  requireUnused(call, cluster);
  requireTwoZones(cluster);
  if (normalised(cluster.trustAnchor ?? '') === normalised(trustAnchor)) return cluster;
  throw new AwsError(
    'IncorrectTrustAnchorException',
    'The trust anchor certificate is not the one the cluster was initialized with.',
  );
}

function normalised(certificate: string): string {
  return certificate.replace(/\s+/g, '');
}
