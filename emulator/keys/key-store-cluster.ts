// SPDX-License-Identifier: Apache-2.0
// What a cluster must be to carry a custom key store, and who else may want it or its name.
import { randomBytes } from 'node:crypto';
import { activeZones, currentCluster } from '../hsm/cluster-state.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';

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

/**
 * @throws AwsError CloudHsmClusterNotFoundException, CloudHsmClusterInUseException,
 * CloudHsmClusterNotActiveException, CloudHsmClusterInvalidConfigurationException, IncorrectTrustAnchorException
 */
export function requireUsableCluster(call: Call, clusterId: string, trustAnchor: string): void {
  const { store, clock } = call.emulator;
  const cluster = currentCluster(store, clock, clusterId);
  if (cluster === undefined || cluster.state === 'DELETED') {
    throw new AwsError('CloudHsmClusterNotFoundException', `Cluster ${clusterId} does not exist.`);
  }
  if (store.keyStores.all().some((keyStore) => keyStore.clusterId === clusterId)) {
    throw new AwsError(
      'CloudHsmClusterInUseException',
      `Cluster ${clusterId} is already associated with a custom key store.`,
    );
  }
  if (cluster.state !== 'ACTIVE') {
    throw new AwsError('CloudHsmClusterNotActiveException', `Cluster ${clusterId} is not active.`);
  }
  if (activeZones(cluster).size < 2) {
    throw new AwsError(
      'CloudHsmClusterInvalidConfigurationException',
      `Cluster ${clusterId} must have at least two active HSMs in different Availability Zones.`,
    );
  }
  if (normalised(cluster.trustAnchor ?? '') !== normalised(trustAnchor)) {
    throw new AwsError(
      'IncorrectTrustAnchorException',
      'The trust anchor certificate is not the one the cluster was initialized with.',
    );
  }
}

function normalised(certificate: string): string {
  return certificate.replace(/\s+/g, '');
}
