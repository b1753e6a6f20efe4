// SPDX-License-Identifier: Apache-2.0
// ConnectCustomKeyStore: answers at once; CONNECTED or FAILED follows.
import { authorizeAccount } from '../../authorization/authorize.ts';
import { activeHsms, currentCluster } from '../../hsm/cluster-state.ts';
import { CONNECT_MILLISECONDS } from '../../hsm/key-store-connection.ts';
import { findKeyStore, wrongStoreState } from '../../keys/key-store-lookup.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';
import type { ClusterRecord } from '../../store/clusters.ts';

/** @throws AwsError CloudHsmClusterNotActiveException, CloudHsmClusterInvalidConfigurationException */
function requireConnectable(cluster: ClusterRecord): void {
  const { clusterId, state } = cluster;
  if (state !== 'ACTIVE') {
    throw new AwsError('CloudHsmClusterNotActiveException', `Cluster ${clusterId} is not active.`);
  }
  if (activeHsms(cluster).length > 0) return;
  throw new AwsError(
    'CloudHsmClusterInvalidConfigurationException',
    `Cluster ${clusterId} must have at least one active HSM.`,
  );
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ConnectCustomKeyStore.html */
export const connectCustomKeyStore = operation(
  'ConnectCustomKeyStore',
  { CustomKeyStoreId: required(text(1, 64)) },
  (call, input) => {
    authorizeAccount(call, 'kms:ConnectCustomKeyStore');
    const { store, clock } = call.emulator;
    const keyStore = findKeyStore(call, input.CustomKeyStoreId);
    if (keyStore.state === 'CONNECTED' || keyStore.state === 'CONNECTING') return {};
    if (keyStore.state !== 'DISCONNECTED') throw wrongStoreState(keyStore);
    const cluster = currentCluster(store, clock, keyStore.clusterId);
    // A cluster that is gone is found missing later: ConnectionErrorCode CLUSTER_NOT_FOUND.
    if (cluster !== undefined && cluster.state !== 'DELETED') requireConnectable(cluster);
    const settlesAt = call.now + CONNECT_MILLISECONDS;
    store.keyStores.put({ ...keyStore, state: 'CONNECTING', settlesAt, connectionError: null });
    return {};
  },
);
