// SPDX-License-Identifier: Apache-2.0
// What keeps KMS from reaching a cluster when it connects: the network around the HSMs, which nothing here has.
import { z } from 'zod';
import type { Emulator } from '../settings.ts';

/** Connecting to the cluster ends in FAILED with this code until the fault is ended. */
export const ConnectionFaultRequest = z.strictObject({
  clusterId: z.string(),
  error: z.enum([
    'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET',
    'INTERNAL_ERROR',
    'NETWORK_ERRORS',
    'SUBNET_NOT_FOUND',
  ]),
});

/** Sets the fault of a cluster; false when there is no such cluster. */
export function setConnectionFault(
  regions: Emulator['regions'],
  { clusterId, error }: z.infer<typeof ConnectionFaultRequest>,
): boolean {
  for (const { store } of regions.all()) {
    const cluster = store.clusters.find(clusterId);
    if (cluster === undefined) continue;
    store.clusters.put({ ...cluster, connectionFault: error });
    return true;
  }
  return false;
}

/** Ends the faults of all clusters. */
export function endConnectionFaults(regions: Emulator['regions']): void {
  for (const { store } of regions.all()) {
    for (const cluster of store.clusters.all()) {
      if (cluster.connectionFault === null) continue;
      store.clusters.put({ ...cluster, connectionFault: null });
    }
  }
}
