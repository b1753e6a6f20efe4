// SPDX-License-Identifier: Apache-2.0
// UpdateCustomKeyStore: a new name at any time, password and cluster only while disconnected.
import { authorizeAccount } from '../../authorization/authorize.ts';
import { activeZones, currentCluster } from '../../hsm/cluster-state.ts';
import { passwordDigest } from '../../hsm/key-store-connection.ts';
import { requireFreeName } from '../../keys/key-store-cluster.ts';
import { findKeyStore, wrongStoreState } from '../../keys/key-store-lookup.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { optional, required } from '../../protocol/shape.ts';
import type { KeyStoreRecord } from '../../store/key-stores.ts';

/** A store may move only to a cluster of the same history; here that is the same cluster. */
function requireSameCluster(keyStore: KeyStoreRecord, clusterId: string | undefined): void {
  if (clusterId === undefined || clusterId === keyStore.clusterId) return;
  throw new AwsError(
    'CloudHsmClusterNotRelatedException',
    `Cluster ${clusterId} does not share a backup history with the key store's cluster.`,
  );
}

function requireConfiguredCluster(call: Call, keyStore: KeyStoreRecord): void {
  const { store, clock } = call.emulator;
  const cluster = currentCluster(store, clock, keyStore.clusterId);
  if (cluster !== undefined && activeZones(cluster).size >= 2) return;
  throw new AwsError(
    'CloudHsmClusterInvalidConfigurationException',
    'The cluster must have at least two active HSMs in different Availability Zones.',
  );
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateCustomKeyStore.html */
export const updateCustomKeyStore = operation(
  'UpdateCustomKeyStore',
  {
    CustomKeyStoreId: required(text(1, 64)),
    NewCustomKeyStoreName: optional(text(1, 256)),
    KeyStorePassword: optional(text(7, 32, { secret: true })),
    CloudHsmClusterId: optional(text(19, 24)),
  },
  (call, input) => {
    authorizeAccount(call, 'kms:UpdateCustomKeyStore');
    const keyStore = findKeyStore(call, input.CustomKeyStoreId);
    const { NewCustomKeyStoreName: name, KeyStorePassword: password } = input;
    const onlyName = password === undefined && input.CloudHsmClusterId === undefined;
    const allowed = onlyName ? ['DISCONNECTED', 'CONNECTED'] : ['DISCONNECTED'];
    if (!allowed.includes(keyStore.state)) throw wrongStoreState(keyStore);
    if (name !== undefined) requireFreeName(call, name, keyStore.keyStoreId);
    requireSameCluster(keyStore, input.CloudHsmClusterId);
    if (!onlyName) requireConfiguredCluster(call, keyStore);
    call.emulator.store.keyStores.put({
      ...keyStore,
      name: name ?? keyStore.name,
      passwordDigest:
        password === undefined
          ? keyStore.passwordDigest
          : passwordDigest(keyStore.clusterId, password),
    });
    return {};
  },
);
