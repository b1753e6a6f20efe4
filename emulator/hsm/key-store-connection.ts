// SPDX-License-Identifier: Apache-2.0
// The connection of a custom key store: Connect and Disconnect answer at once, and the outcome is decided
// when the store is read after its instant, by the password and the cluster as they are then.
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { KeyStoreRecord } from '../store/key-stores.ts';
import type { Store } from '../store/store.ts';
import { activeHsms, currentCluster } from './cluster-state.ts';

/** How long CONNECTING and DISCONNECTING last. */
export const CONNECT_MILLISECONDS = 300;

/** Digest of the `kmsuser` password, bound to its cluster. */
export function passwordDigest(clusterId: string, password: string): string {
  return createHash('sha256').update(`${clusterId}\0${password}`).digest('hex');
}

function connectionError(store: Store, clock: Clock, keyStore: KeyStoreRecord): string | null {
  const cluster = currentCluster(store, clock, keyStore.clusterId);
  if (cluster === undefined || cluster.state === 'DELETED') return 'CLUSTER_NOT_FOUND';
  if (activeHsms(cluster).length === 0) return 'INSUFFICIENT_CLOUDHSM_HSMS';
  return cluster.kmsUserDigest === keyStore.passwordDigest ? null : 'INVALID_CREDENTIALS';
}

function settle(store: Store, clock: Clock, keyStore: KeyStoreRecord): KeyStoreRecord {
  if (keyStore.settlesAt > clock()) return keyStore;
  if (keyStore.state === 'DISCONNECTING') return { ...keyStore, state: 'DISCONNECTED' };
  if (keyStore.state !== 'CONNECTING') return keyStore;
  const error = connectionError(store, clock, keyStore);
  return { ...keyStore, state: error === null ? 'CONNECTED' : 'FAILED', connectionError: error };
}

/** The store as it is now. */
export function currentKeyStore(store: Store, clock: Clock, keyStoreId: string) {
  const keyStore = store.keyStores.find(keyStoreId);
  if (keyStore === undefined) return undefined;
  const settled = settle(store, clock, keyStore);
  if (settled !== keyStore) store.keyStores.put(settled);
  return settled;
}
