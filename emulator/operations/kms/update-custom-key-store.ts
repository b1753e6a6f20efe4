// SPDX-License-Identifier: Apache-2.0
// UpdateCustomKeyStore: a new name at any time, password and cluster only while disconnected. It has the HSM to
// itself, so that no key is on its way into the cluster that the store leaves.
import { authorizeAccount } from '../../authorization/authorize.ts';
import { NO_PASSWORD, passwordDigest } from '../../hsm/kms-user.ts';
import { proxyMembers, requireNoProxy } from '../../keys/external-key-store.ts';
import { existingCluster, requireFreeName, requireTwoZones } from '../../keys/key-store-cluster.ts';
import { findKeyStore, wrongStoreState } from '../../keys/key-store-lookup.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { type Call, exclusive, operation } from '../../protocol/operation.ts';
import { type InputOf, optional, required } from '../../protocol/shape.ts';
import type { ClusterRecord } from '../../store/clusters.ts';
import type { KeyStoreRecord } from '../../store/key-stores.ts';

const members = {
  CustomKeyStoreId: required(text(1, 64)),
  NewCustomKeyStoreName: optional(text(1, 256)),
  KeyStorePassword: optional(text(7, 32, { secret: true })),
  CloudHsmClusterId: optional(text(19, 24)),
  ...proxyMembers,
};
type Input = InputOf<typeof members>;

/**
 * The cluster that the store has after the call: its own, or one with the same backup history.
 * @throws AwsError CloudHsmClusterNotFoundException, CloudHsmClusterNotRelatedException,
 * CloudHsmClusterNotActiveException, CloudHsmClusterInvalidConfigurationException
 */
function wantedCluster(call: Call, keyStore: KeyStoreRecord, input: Input): ClusterRecord {
  const cluster = existingCluster(call, input.CloudHsmClusterId ?? keyStore.clusterId);
  const present = call.emulator.store.clusters.find(keyStore.clusterId);
  if (cluster.historyId !== present?.historyId) {
    throw new AwsError(
      'CloudHsmClusterNotRelatedException',
      `Cluster ${cluster.clusterId} does not share a backup history with the key store's cluster.`,
    );
  }
  requireTwoZones(cluster);
  return cluster;
}

/**
 * The password that KMS holds is that of the cluster it last connected to. What the users of a restored cluster
 * had as passwords when the backup was taken is not known to it, so a store that moves needs the new one.
 */
function heldDigest(keyStore: KeyStoreRecord, cluster: ClusterRecord, input: Input): string {
  const { KeyStorePassword: password } = input;
  if (password !== undefined) return passwordDigest(cluster, password);
  return cluster.clusterId === keyStore.clusterId ? keyStore.passwordDigest : NO_PASSWORD;
}

/** The keys of the store follow it: the new cluster has the material of those that were in the backup. */
function change(call: Call, before: KeyStoreRecord, after: KeyStoreRecord): void {
  const { store, material } = call.emulator;
  const isMoved = before.clusterId !== after.clusterId;
  store.atomically(() => {
    store.keyStores.put(after);
    if (isMoved) store.keys.moveToCluster(after.keyStoreId, after.clusterId);
  });
  if (isMoved) material.forgetCluster();
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateCustomKeyStore.html */
export const updateCustomKeyStore = exclusive(
  operation('UpdateCustomKeyStore', members, (call, input) => {
    authorizeAccount(call, 'kms:UpdateCustomKeyStore');
    const keyStore = findKeyStore(call, input.CustomKeyStoreId);
    requireNoProxy(input);
    const { NewCustomKeyStoreName: name } = input;
    const isOnlyName =
      input.KeyStorePassword === undefined && input.CloudHsmClusterId === undefined;
    const allowed = isOnlyName ? ['DISCONNECTED', 'CONNECTED'] : ['DISCONNECTED'];
    if (!allowed.includes(keyStore.state)) throw wrongStoreState(keyStore);
    if (name !== undefined) requireFreeName(call, name, keyStore.keyStoreId);
    const named = { ...keyStore, name: name ?? keyStore.name };
    if (isOnlyName) {
      change(call, keyStore, named);
      return {};
    }
    const cluster = wantedCluster(call, keyStore, input);
    change(call, keyStore, {
      ...named,
      clusterId: cluster.clusterId,
      passwordDigest: heldDigest(keyStore, cluster, input),
    });
    return {};
  }),
);
