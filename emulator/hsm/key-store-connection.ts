// SPDX-License-Identifier: Apache-2.0
// The connection of a custom key store: Connect and Disconnect answer at once, and the outcome is decided
// when the store is read after its instant, by the password and the cluster as they are then. A connection that
// succeeds replaces the password of `kmsuser`, as KMS does: in the cluster and with KMS at once, or in neither.
import type { Clock } from '../clock.ts';
import type { ClusterRecord } from '../store/clusters.ts';
import type { KeyStoreRecord } from '../store/key-stores.ts';
import type { Store } from '../store/store.ts';
import { activeHsms, currentCluster } from './cluster-state.ts';
import { attemptLogin, newPasswordDigest } from './kms-user.ts';

/** How long CONNECTING and DISCONNECTING last. */
export const CONNECT_MILLISECONDS = 300;

/** What a connection comes to: the store, and the cluster where it changed. */
interface Outcome {
  readonly keyStore: KeyStoreRecord;
  readonly cluster?: ClusterRecord;
}

/** What keeps KMS from reaching an HSM of the cluster at all. */
function obstacle(cluster: ClusterRecord): string | null {
  if (cluster.connectionFault !== null) return cluster.connectionFault;
  return activeHsms(cluster).length === 0 ? 'INSUFFICIENT_CLOUDHSM_HSMS' : null;
}

function failed(keyStore: KeyStoreRecord, connectionError: string): KeyStoreRecord {
  return { ...keyStore, state: 'FAILED', connectionError };
}

function connect(store: Store, clock: Clock, keyStore: KeyStoreRecord): Outcome {
  const cluster = currentCluster(store, clock, keyStore.clusterId);
  if (cluster === undefined || cluster.state === 'DELETED') {
    return { keyStore: failed(keyStore, 'CLUSTER_NOT_FOUND') };
  }
  const reason = obstacle(cluster);
  if (reason !== null) return { keyStore: failed(keyStore, reason) };
  if (cluster.kmsUserLoggedIn) return { keyStore: failed(keyStore, 'USER_LOGGED_IN') };
  const { user, error } = attemptLogin(cluster, keyStore.passwordDigest);
  if (error !== null) return { keyStore: failed(keyStore, error), cluster: user };
  const digest = newPasswordDigest(cluster);
  return {
    keyStore: { ...keyStore, state: 'CONNECTED', connectionError: null, passwordDigest: digest },
    cluster: { ...user, kmsUserDigest: digest },
  };
}

function settle(store: Store, clock: Clock, keyStore: KeyStoreRecord): Outcome {
  if (keyStore.settlesAt > clock()) return { keyStore };
  if (keyStore.state === 'DISCONNECTING') {
    return { keyStore: { ...keyStore, state: 'DISCONNECTED' } };
  }
  return keyStore.state === 'CONNECTING' ? connect(store, clock, keyStore) : { keyStore };
}

/** The store as it is now. Not to be called within `store.atomically`, which does not nest. */
export function currentKeyStore(store: Store, clock: Clock, keyStoreId: string) {
  const found = store.keyStores.find(keyStoreId);
  if (found === undefined) return undefined;
  const { keyStore, cluster } = settle(store, clock, found);
  if (keyStore === found) return keyStore;
  store.atomically(() => {
    store.keyStores.put(keyStore);
    if (cluster !== undefined) store.clusters.put(cluster);
  });
  return keyStore;
}
