// SPDX-License-Identifier: Apache-2.0
// What goes wrong in a cluster or a connection without anyone calling CloudHSM or KMS: HSMs fail, a key store
// loses its connection.
import { z } from 'zod';
import { currentCluster } from '../hsm/cluster-state.ts';
import { currentKeyStore } from '../hsm/key-store-connection.ts';
import type { Emulator } from '../settings.ts';
import type { HsmRecord } from '../store/clusters.ts';

/** HSMs of a cluster fail, all or those in one zone: DEGRADED until repaired, or gone. */
export const HsmLossRequest = z.strictObject({
  clusterId: z.string(),
  availabilityZone: z.string().optional(),
  effect: z.enum(['degraded', 'removed']).default('degraded'),
});

/** A key store loses its connection: `error` makes it FAILED with that code, else it is DISCONNECTED. */
export const StoreDisconnectRequest = z.strictObject({
  keyStoreId: z.string(),
  error: z
    .enum([
      'CLUSTER_NOT_FOUND',
      'INSUFFICIENT_CLOUDHSM_HSMS',
      'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET',
      'INTERNAL_ERROR',
      'INVALID_CREDENTIALS',
      'NETWORK_ERRORS',
      'SUBNET_NOT_FOUND',
      'USER_LOCKED_OUT',
      'USER_LOGGED_IN',
      'USER_NOT_FOUND',
    ])
    .optional(),
});

/** A lost HSM. */
export interface LostHsm {
  readonly clusterId: string;
  readonly hsmId: string;
  readonly availabilityZone: string;
}

/** Strikes the HSMs; answers how many, or undefined when there is no such cluster. */
export function loseHsms(
  regions: Emulator['regions'],
  { clusterId, availabilityZone, effect }: z.infer<typeof HsmLossRequest>,
): number | undefined {
  const found = regions.all().flatMap(({ store, clock }) => {
    const cluster = currentCluster(store, clock, clusterId);
    return cluster === undefined ? [] : [{ cluster, store }];
  })[0];
  if (found === undefined) return undefined;
  const { cluster, store } = found;
  const isStruck = (hsm: HsmRecord) =>
    hsm.state === 'ACTIVE' && [undefined, hsm.availabilityZone].includes(availabilityZone);
  const struck = cluster.hsms.filter(isStruck).length;
  const hsms =
    effect === 'removed'
      ? cluster.hsms.filter((hsm) => !isStruck(hsm))
      : cluster.hsms.map((hsm) => (isStruck(hsm) ? { ...hsm, state: 'DEGRADED' as const } : hsm));
  store.clusters.put({ ...cluster, hsms });
  return struck;
}

/** DEGRADED HSMs work again. Those removed are gone: CreateHsm brings others. */
export function repairHsms(regions: Emulator['regions']): void {
  for (const { store } of regions.all()) {
    for (const cluster of store.clusters.all()) {
      const hsms = cluster.hsms.map((hsm) =>
        hsm.state === 'DEGRADED' ? { ...hsm, state: 'ACTIVE' as const } : hsm,
      );
      store.clusters.put({ ...cluster, hsms });
    }
  }
}

/** HSMs that are DEGRADED. */
export function lostHsms(regions: Emulator['regions']): LostHsm[] {
  return regions
    .all()
    .flatMap(({ store }) => store.clusters.all())
    .flatMap(({ clusterId, hsms }) =>
      hsms
        .filter(({ state }) => state === 'DEGRADED')
        .map(({ hsmId, availabilityZone }) => ({ clusterId, hsmId, availabilityZone })),
    );
}

/** Cuts a key store off; false when there is no such store. ConnectCustomKeyStore ends it, as on AWS. */
export function disconnectStore(
  regions: Emulator['regions'],
  { keyStoreId, error }: z.infer<typeof StoreDisconnectRequest>,
): boolean {
  const state = error === undefined ? 'DISCONNECTED' : 'FAILED';
  for (const { store, clock } of regions.all()) {
    const keyStore = currentKeyStore(store, clock, keyStoreId);
    if (keyStore === undefined) continue;
    store.keyStores.put({ ...keyStore, state, connectionError: error ?? null });
    return true;
  }
  return false;
}
