// SPDX-License-Identifier: Apache-2.0
// CreateCustomKeyStore: ties a name to an active CloudHSM cluster; it starts disconnected.
import { requireOwnAccount } from '../../authorization/accounts.ts';
import { authorizeAccount } from '../../authorization/authorize.ts';
import { passwordDigest } from '../../hsm/kms-user.ts';
import {
  proxyMembers,
  refuseExternalKeyStore,
  requireNoProxy,
} from '../../keys/external-key-store.ts';
import {
  newKeyStoreId,
  requireFreeName,
  requireUsableCluster,
} from '../../keys/key-store-cluster.ts';
import { AwsError } from '../../protocol/errors.ts';
import { oneOf, text } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { type InputOf, optional, required } from '../../protocol/shape.ts';
import type { ClusterRecord } from '../../store/clusters.ts';

const members = {
  CustomKeyStoreName: required(text(1, 256)),
  CustomKeyStoreType: optional(oneOf(['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'])),
  CloudHsmClusterId: optional(text(19, 24)),
  TrustAnchorCertificate: optional(text(1, 5000, { secret: true })),
  KeyStorePassword: optional(text(7, 32, { secret: true })),
  ...proxyMembers,
};

function requireAll(input: InputOf<typeof members>) {
  const { CloudHsmClusterId, TrustAnchorCertificate, KeyStorePassword } = input;
  requireNoProxy(input);
  if (!CloudHsmClusterId || !TrustAnchorCertificate || !KeyStorePassword) {
    throw new AwsError(
      'ValidationException',
      'CloudHsmClusterId, TrustAnchorCertificate and KeyStorePassword are required for an AWS CloudHSM key store.',
    );
  }
  return { CloudHsmClusterId, TrustAnchorCertificate, KeyStorePassword };
}

/** @throws AwsError always: nothing is outside that a proxy could be reached at */
function createExternal(call: Call, input: InputOf<typeof members>): never {
  const { CloudHsmClusterId, TrustAnchorCertificate, KeyStorePassword } = input;
  if (CloudHsmClusterId ?? TrustAnchorCertificate ?? KeyStorePassword) {
    throw new AwsError(
      'ValidationException',
      'CloudHsmClusterId, TrustAnchorCertificate and KeyStorePassword are not valid for an external key store.',
    );
  }
  requireFreeName(call, input.CustomKeyStoreName);
  return refuseExternalKeyStore(input);
}

/** AWS's default quota of custom key stores, of all kinds together. @throws AwsError LimitExceededException */
function requireQuota(call: Call): void {
  const { store, quotas } = call.emulator;
  if (store.keyStores.all().length < quotas.keyStores) return;
  throw new AwsError(
    'LimitExceededException',
    `The quota of ${quotas.keyStores} custom key stores is reached.`,
  );
}

/** Unless an HSM admin is to make `kmsuser`: the first password of the first store makes it. */
function learnPassword(call: Call, cluster: ClusterRecord, digest: string): void {
  if (call.emulator.explicitHsmAdmin || cluster.kmsUserDigest !== null) return;
  call.emulator.store.clusters.put({ ...cluster, kmsUserDigest: digest });
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateCustomKeyStore.html */
export const createCustomKeyStore = operation('CreateCustomKeyStore', members, (call, input) => {
  authorizeAccount(call, 'kms:CreateCustomKeyStore');
  requireOwnAccount(call);
  if (input.CustomKeyStoreType === 'EXTERNAL_KEY_STORE') createExternal(call, input);
  const { CloudHsmClusterId: clusterId, ...given } = requireAll(input);
  requireFreeName(call, input.CustomKeyStoreName);
  const cluster = requireUsableCluster(call, clusterId, given.TrustAnchorCertificate);
  requireQuota(call);
  const digest = passwordDigest(cluster, given.KeyStorePassword);
  const keyStoreId = newKeyStoreId();
  const { store } = call.emulator;
  store.atomically(() => {
    learnPassword(call, cluster, digest);
    store.keyStores.put({
      keyStoreId,
      name: input.CustomKeyStoreName,
      clusterId,
      trustAnchor: given.TrustAnchorCertificate,
      passwordDigest: digest,
      state: 'DISCONNECTED',
      settlesAt: 0,
      connectionError: null,
      createdAt: call.now,
    });
  });
  return { CustomKeyStoreId: keyStoreId };
});
