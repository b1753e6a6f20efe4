// SPDX-License-Identifier: Apache-2.0
// Custom key stores by id, with their state now, and AWS's refusals about them.
import { isForeign } from '../authorization/accounts.ts';
import { currentKeyStore } from '../hsm/key-store-connection.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Call } from '../protocol/operation.ts';
import type { KeyStoreRecord } from '../store/key-stores.ts';

/** @throws AwsError CustomKeyStoreNotFoundException */
export function findKeyStore(call: Call, keyStoreId: string): KeyStoreRecord {
  const { store, clock } = call.emulator;
  const keyStore = isForeign(call) ? undefined : currentKeyStore(store, clock, keyStoreId);
  if (keyStore !== undefined) return keyStore;
  throw new AwsError(
    'CustomKeyStoreNotFoundException',
    `The custom key store ${keyStoreId} does not exist.`,
  );
}

/** A refusal because of the store's connection state. */
export function wrongStoreState(keyStore: KeyStoreRecord): AwsError {
  return new AwsError(
    'CustomKeyStoreInvalidStateException',
    `The custom key store ${keyStore.keyStoreId} is ${keyStore.state}; this operation is not valid in that state.`,
  );
}

/** @throws AwsError CustomKeyStoreInvalidStateException unless the store is connected */
export function connectedKeyStore(call: Call, keyStoreId: string): KeyStoreRecord {
  const keyStore = findKeyStore(call, keyStoreId);
  if (keyStore.state !== 'CONNECTED') throw wrongStoreState(keyStore);
  return keyStore;
}
