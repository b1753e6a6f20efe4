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
    if (cluster === undefined || cluster.state !== 'ACTIVE') {
      throw new AwsError(
        'CloudHsmClusterNotActiveException',
        `Cluster ${keyStore.clusterId} is not active.`,
      );
    }
    if (activeHsms(cluster).length === 0) {
      throw new AwsError(
        'CloudHsmClusterInvalidConfigurationException',
        `Cluster ${keyStore.clusterId} must have at least one active HSM.`,
      );
    }
    const settlesAt = call.now + CONNECT_MILLISECONDS;
    store.keyStores.put({ ...keyStore, state: 'CONNECTING', settlesAt, connectionError: null });
    return {};
  },
);
