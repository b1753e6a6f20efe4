// SPDX-License-Identifier: Apache-2.0
// The key objects of a cluster as an HSM administrator sees them, and their removal behind KMS's back.
import type { KeyObject, Token } from '#adapters/pkcs11/token.ts';
import { AdminRefusal } from '../faults/admin-route.ts';
import type { Emulator } from '../settings.ts';
import { keyArn } from '../settings.ts';
import { reachableCluster } from './users.ts';

/** What KMS knows of an object: a key, a key that is being made, or nothing (an orphan). */
function kmsKeyOf({ store, place }: Emulator, clusterId: string, object: KeyObject): string | null {
  const keyId = object.id.toString('utf8');
  const key = store.keys.committed(keyId);
  return key !== undefined && key.clusterId === clusterId ? keyArn(place, keyId) : null;
}

/** All objects with their protection; `kmsKey` is null for those that no KMS key has: orphans, or keys that moved. */
export function listObjects(emulator: Emulator, clusterId: string) {
  reachableCluster(emulator, clusterId);
  const token = emulator.hsm.clusterToken(clusterId);
  const objects = token.findSecretKeys().map((handle) => {
    const object = token.describe(handle);
    const { label, sensitive, extractable, neverExtractable } = object;
    const kmsKey = kmsKeyOf(emulator, clusterId, object);
    return {
      label,
      id: object.id.toString('utf8'),
      sensitive,
      extractable,
      neverExtractable,
      kmsKey,
    };
  });
  return { clusterId, objects: objects.sort((left, right) => (left.label < right.label ? -1 : 1)) };
}

function handlesOf(token: Token, label: string) {
  return token.findSecretKeys().filter((handle) => token.describe(handle).label === label);
}

/** Removes the objects of a label for good; KMS is not told. @throws AdminRefusal when there is none */
export function deleteObject(emulator: Emulator, clusterId: string, label: string) {
  reachableCluster(emulator, clusterId);
  const token = emulator.hsm.clusterToken(clusterId);
  const handles = handlesOf(token, label);
  if (handles.length === 0) {
    const message = `cluster ${clusterId} has no object labelled ${label}`;
    throw new AdminRefusal(404, 'OBJECT_NOT_FOUND', message);
  }
  for (const handle of handles) token.destroy(handle);
  emulator.material.forgetCluster();
  return { clusterId, label, deleted: handles.length };
}
