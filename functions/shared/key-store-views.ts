// SPDX-License-Identifier: Apache-2.0
// A key store, and the tasks of its HSM administrator, as the API shows them.
import type { HsmTaskRecord, KeyStoreRecord } from '#core/provisioning/records.ts';

const INSTRUCTIONS = {
  'sign-certificate':
    'Sign the certificate request with your issuing CA and send the signed certificate and the CA certificate.',
  'activate-cluster':
    'With the CloudHSM CLI: activate the cluster, then create user kmsuser (crypto-user) with the password in the secret of the key store.',
  'reset-kmsuser':
    'With the CloudHSM CLI on this cluster: log kmsuser out, then set its password to the one in the secret of the key store (user change-password).',
  'delete-objects':
    'These keys were destroyed, and a restore brought their material back. Disconnect the key store, log in as kmsuser with the CloudHSM CLI on this cluster, delete the objects of these labels (key delete), list the labels of all that are left (key list), and send the listing.',
} as const;

/** A task with what is to be done. */
export function taskView(task: HsmTaskRecord) {
  const { id, kind, keyStore, state, clusterId = null, certificateRequest, createdAt } = task;
  const { objects = [] } = task;
  return {
    id,
    kind,
    keyStore,
    state,
    clusterId,
    instructions: INSTRUCTIONS[kind],
    objects: [...objects],
    certificateRequest,
    createdAt,
  };
}

export function keyStoreView(keyStore: KeyStoreRecord) {
  const { name, state, step, cause, keyStoreId, clusterId, operationId } = keyStore;
  return { name, state, step, cause, keyStoreId, clusterId, operationId };
}
