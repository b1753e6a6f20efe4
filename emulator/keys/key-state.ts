// SPDX-License-Identifier: Apache-2.0
// The state of a key as AWS shows it, and what each state forbids. Unavailable is not stored: it is the
// state of a key whose key store is not connected, or whose cluster has no HSM left.
import { activeHsms, currentCluster } from '../hsm/cluster-state.ts';
import { currentKeyStore } from '../hsm/key-store-connection.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import { type Emulator, keyArn } from '../settings.ts';
import type { KeyRecord, KeyUsage, StoredKeyState } from '../store/key-row.ts';
import { isPendingImport } from './imported-material.ts';
import { isMultiRegion, passingState } from './multi-region.ts';

/** States that DescribeKey can show here. */
export type KeyState =
  | StoredKeyState
  | 'Unavailable'
  | 'PendingImport'
  | 'PendingReplicaDeletion'
  | 'Creating'
  | 'Updating';

/** The key's state now. */
export function keyState(emulator: Emulator, key: KeyRecord): KeyState {
  if (key.state === 'PendingDeletion') {
    return key.deletionAt === null ? 'PendingReplicaDeletion' : key.state;
  }
  const passing = isMultiRegion(key.keyId) ? passingState(emulator, key.keyId) : undefined;
  if (passing === 'Creating') return passing;
  if (isPendingImport(key)) return 'PendingImport';
  if (passing !== undefined) return passing;
  if (key.keyStoreId === null) return key.state;
  const { store, clock } = emulator;
  const keyStore = currentKeyStore(store, clock, key.keyStoreId);
  if (keyStore?.state !== 'CONNECTED') return 'Unavailable';
  const cluster = currentCluster(store, clock, keyStore.clusterId);
  return cluster !== undefined && activeHsms(cluster).length > 0 ? key.state : 'Unavailable';
}

/** A refusal because of the key's state. */
export function invalidState(call: Call, key: KeyRecord, state: string): AwsError {
  const arn = keyArn(call.emulator.place, key.keyId);
  return new AwsError('KMSInvalidStateException', `${arn} is ${state}.`);
}

/** @throws AwsError KMSInvalidStateException when the key is pending deletion */
export function requireNotPendingDeletion(call: Call, key: KeyRecord): void {
  if (key.state !== 'PendingDeletion') return;
  const state = key.deletionAt === null ? 'pending replica deletion' : 'pending deletion';
  throw invalidState(call, key, state);
}

/** @throws AwsError KMSInvalidStateException when the key waits for imported material */
export function requireMaterial(call: Call, key: KeyRecord): void {
  if (isPendingImport(key)) throw invalidState(call, key, 'pending import');
}

/** @throws AwsError DisabledException, KMSInvalidStateException or ThrottlingException unless cryptography may run */
export function requireEnabled(call: Call, key: KeyRecord): void {
  requireNotPendingDeletion(call, key);
  requireMaterial(call, key);
  const state = keyState(call.emulator, key);
  if (state === 'Creating') throw invalidState(call, key, 'creating');
  if (key.state === 'Disabled' && state !== 'Unavailable') {
    throw new AwsError(
      'DisabledException',
      `${keyArn(call.emulator.place, key.keyId)} is disabled.`,
    );
  }
  if (state === 'Unavailable') throw invalidState(call, key, 'unavailable');
  if (key.keyStoreId !== null) call.emulator.switches.throttling.admitToKeyStore(key.keyStoreId);
}

/** @throws AwsError KMSInvalidStateException while a multi-Region key is in a passing state */
export function requireSettled(call: Call, key: KeyRecord): void {
  if (!isMultiRegion(key.keyId)) return;
  const passing = passingState(call.emulator, key.keyId);
  if (passing !== undefined) throw invalidState(call, key, passing.toLowerCase());
}

/** @throws AwsError InvalidKeyUsageException unless the key is of this usage */
export function requireUsage(
  call: Call,
  key: KeyRecord,
  usage: KeyUsage | 'ENCAPSULATE_DECAPSULATE',
  operation: string,
): void {
  if (key.keyUsage === usage) return;
  throw new AwsError(
    'InvalidKeyUsageException',
    `${keyArn(call.emulator.place, key.keyId)} key usage is ${key.keyUsage} which is not valid for ${operation}.`,
  );
}

/** @throws AwsError UnsupportedOperationException on keys of custom key stores */
export function requireStandardStore(call: Call, key: KeyRecord): void {
  if (key.origin === 'AWS_KMS') return;
  throw new AwsError(
    'UnsupportedOperationException',
    `${keyArn(call.emulator.place, key.keyId)} origin is ${key.origin} which is not valid for this operation.`,
  );
}
