// SPDX-License-Identifier: Apache-2.0
// DeleteCustomKeyStore: only disconnected and without keys, those pending deletion included.
import { authorizeAccount } from '../../authorization/authorize.ts';
import { findKeyStore, wrongStoreState } from '../../keys/key-store-lookup.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteCustomKeyStore.html */
export const deleteCustomKeyStore = operation(
  'DeleteCustomKeyStore',
  { CustomKeyStoreId: required(text(1, 64)) },
  (call, input) => {
    authorizeAccount(call, 'kms:DeleteCustomKeyStore');
    const { store } = call.emulator;
    const keyStore = findKeyStore(call, input.CustomKeyStoreId);
    if (store.keys.countInStore(keyStore.keyStoreId) > 0) {
      throw new AwsError(
        'CustomKeyStoreHasCMKsException',
        `The custom key store ${keyStore.keyStoreId} contains KMS keys.`,
      );
    }
    if (keyStore.state !== 'DISCONNECTED') throw wrongStoreState(keyStore);
    store.keyStores.remove(keyStore.keyStoreId);
    return {};
  },
);
