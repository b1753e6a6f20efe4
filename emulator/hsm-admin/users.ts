// SPDX-License-Identifier: Apache-2.0
// What an HSM administrator does inside a cluster with the CloudHSM CLI and no AWS API offers: activation, and the
// user as whom KMS logs in.
import { AdminRefusal } from '../faults/admin-route.ts';
import { activeHsms, currentCluster } from '../hsm/cluster-state.ts';
import { attemptLogin, isLocked, passwordDigest } from '../hsm/kms-user.ts';
import type { Emulator } from '../settings.ts';
import type { ClusterRecord } from '../store/clusters.ts';

/** A cluster that can be reached: the CLI talks to an HSM. @throws AdminRefusal */
export function reachableCluster({ store, clock }: Emulator, clusterId: string): ClusterRecord {
  const cluster = currentCluster(store, clock, clusterId);
  if (cluster === undefined || cluster.state === 'DELETED') {
    throw new AdminRefusal(404, 'CLUSTER_NOT_FOUND', `there is no cluster ${clusterId}`);
  }
  if (activeHsms(cluster).length > 0) return cluster;
  throw new AdminRefusal(
    409,
    'NO_ACTIVE_HSM',
    `cluster ${clusterId} has no active HSM to talk to; add one with CreateHsm`,
  );
}

/** A reachable cluster whose users can be administered. @throws AdminRefusal */
function activeCluster(emulator: Emulator, clusterId: string): ClusterRecord {
  const cluster = reachableCluster(emulator, clusterId);
  if (cluster.state === 'ACTIVE') return cluster;
  const message = `cluster ${clusterId} is ${cluster.state}, not ACTIVE; activate it first`;
  throw new AdminRefusal(409, 'CLUSTER_NOT_ACTIVE', message);
}

function clusterWithUser(emulator: Emulator, clusterId: string): ClusterRecord {
  const cluster = activeCluster(emulator, clusterId);
  if (cluster.kmsUserDigest !== null) return cluster;
  const message = `cluster ${clusterId} has no user kmsuser; create it first`;
  throw new AdminRefusal(404, 'USER_NOT_FOUND', message);
}

/** The users as `user list` of the CloudHSM CLI shows them. */
export function listUsers(emulator: Emulator, clusterId: string) {
  const cluster = reachableCluster(emulator, clusterId);
  const isActive = cluster.state === 'ACTIVE';
  const admin = { username: 'admin', role: isActive ? 'admin' : 'unactivated-admin' };
  const kmsUser = {
    username: 'kmsuser',
    role: 'crypto-user',
    locked: isLocked(cluster),
    loggedIn: cluster.kmsUserLoggedIn,
  };
  return { clusterId, users: [admin, ...(cluster.kmsUserDigest === null ? [] : [kmsUser])] };
}

/** Activates an initialized cluster; an active one stays as it is. @throws AdminRefusal */
export function activate(emulator: Emulator, clusterId: string) {
  const cluster = reachableCluster(emulator, clusterId);
  const { state } = cluster;
  if (state !== 'INITIALIZED' && state !== 'ACTIVE') {
    const message = `cluster ${clusterId} is ${state}; InitializeCluster comes first`;
    throw new AdminRefusal(409, 'CLUSTER_NOT_INITIALIZED', message);
  }
  if (state === 'INITIALIZED') {
    emulator.store.clusters.put({ ...cluster, state: 'ACTIVE', awaitsActivation: false });
  }
  return { clusterId, state: 'ACTIVE' };
}

/** Creates `kmsuser`. @throws AdminRefusal when there is one */
export function createKmsUser(emulator: Emulator, clusterId: string, password: string) {
  const cluster = activeCluster(emulator, clusterId);
  if (cluster.kmsUserDigest !== null) {
    const message = `cluster ${clusterId} has a user kmsuser; set its password instead`;
    throw new AdminRefusal(409, 'USER_EXISTS', message);
  }
  return setDigest(emulator, cluster, password);
}

/** Sets the password of `kmsuser` and unlocks it. Who is logged in stays so. @throws AdminRefusal when there is none */
export function setKmsUserPassword(emulator: Emulator, clusterId: string, password: string) {
  return setDigest(emulator, clusterWithUser(emulator, clusterId), password);
}

function setDigest({ store }: Emulator, cluster: ClusterRecord, password: string) {
  const kmsUserDigest = passwordDigest(cluster, password);
  store.clusters.put({ ...cluster, kmsUserDigest, kmsUserFailures: 0 });
  return { clusterId: cluster.clusterId, username: 'kmsuser' };
}

/** Logs in as `kmsuser`; while it is logged in KMS cannot connect. @throws AdminRefusal with the reason, which counts towards the lock */
export function logIn(emulator: Emulator, clusterId: string, password: string) {
  const cluster = clusterWithUser(emulator, clusterId);
  const { user, error } = attemptLogin(cluster, passwordDigest(cluster, password));
  emulator.store.clusters.put({ ...user, kmsUserLoggedIn: user.kmsUserLoggedIn || error === null });
  if (error === null) return { clusterId, username: 'kmsuser', loggedIn: true };
  throw new AdminRefusal(409, error, `kmsuser of cluster ${clusterId} was not let in`);
}

/** Logs `kmsuser` out; harmless when it is not logged in. */
export function logOut(emulator: Emulator, clusterId: string) {
  const cluster = clusterWithUser(emulator, clusterId);
  emulator.store.clusters.put({ ...cluster, kmsUserLoggedIn: false });
  return { clusterId, username: 'kmsuser', loggedIn: false };
}
