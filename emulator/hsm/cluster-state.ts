// SPDX-License-Identifier: Apache-2.0
// Clusters and HSMs change state with time: reading one after its instant settles it and writes that down.
// CREATE_IN_PROGRESS → UNINITIALIZED, or of a backup INITIALIZED; INITIALIZE_IN_PROGRESS → INITIALIZED → ACTIVE
// (by itself, unless the cluster awaits its HSM admin); an HSM is ACTIVE, or gone, after a moment.
import type { Clock } from '../clock.ts';
import type { ClusterRecord, ClusterState, HsmRecord } from '../store/clusters.ts';
import type { Store } from '../store/store.ts';

/** How long a cluster or HSM stays in a passing state. */
export const SETTLE_MILLISECONDS = 200;

const NEXT: Partial<Record<ClusterState, ClusterState>> = {
  INITIALIZE_IN_PROGRESS: 'INITIALIZED',
  DELETE_IN_PROGRESS: 'DELETED',
};

function nextState(cluster: ClusterRecord, state: ClusterState): ClusterState | undefined {
  if (state === 'INITIALIZED') return cluster.awaitsActivation ? undefined : 'ACTIVE';
  if (state !== 'CREATE_IN_PROGRESS') return NEXT[state];
  return cluster.clusterCertificate === null ? 'UNINITIALIZED' : 'INITIALIZED';
}

function settleHsm(hsm: HsmRecord, now: number): HsmRecord {
  if (hsm.settlesAt > now) return hsm;
  if (hsm.state === 'CREATE_IN_PROGRESS') return { ...hsm, state: 'ACTIVE' };
  if (hsm.state === 'DELETE_IN_PROGRESS') return { ...hsm, state: 'DELETED' };
  return hsm;
}

function settle(cluster: ClusterRecord, now: number): ClusterRecord {
  const hsms = cluster.hsms
    .map((hsm) => settleHsm(hsm, now))
    .filter(({ state }) => state !== 'DELETED');
  let { state, settlesAt } = cluster;
  for (;;) {
    const next = nextState(cluster, state);
    if (next === undefined || settlesAt > now) break;
    state = next;
    settlesAt += SETTLE_MILLISECONDS;
  }
  return { ...cluster, hsms, state, settlesAt };
}

/** The cluster as it is now. */
export function currentCluster(store: Store, clock: Clock, clusterId: string) {
  const cluster = store.clusters.find(clusterId);
  if (cluster === undefined) return undefined;
  const settled = settle(cluster, clock());
  if (JSON.stringify(settled) !== JSON.stringify(cluster)) store.clusters.put(settled);
  return settled;
}

/** Zones of the HSMs that are ACTIVE. */
export function activeZones(cluster: ClusterRecord): Set<string> {
  return new Set(activeHsms(cluster).map(({ availabilityZone }) => availabilityZone));
}

/** The HSMs that are ACTIVE. */
export function activeHsms(cluster: ClusterRecord): HsmRecord[] {
  return cluster.hsms.filter(({ state }) => state === 'ACTIVE');
}
