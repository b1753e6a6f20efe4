// SPDX-License-Identifier: Apache-2.0
// DisconnectCustomKeyStore: its keys become Unavailable; also the only way out of FAILED.
import { authorizeAccount } from '../../authorization/authorize.ts';
import { CONNECT_MILLISECONDS } from '../../hsm/key-store-connection.ts';
import { findKeyStore, wrongStoreState } from '../../keys/key-store-lookup.ts';
import { text } from '../../protocol/members.ts';
import { operation } from '../../protocol/operation.ts';
import { required } from '../../protocol/shape.ts';

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DisconnectCustomKeyStore.html */
export const disconnectCustomKeyStore = operation(
  'DisconnectCustomKeyStore',
  { CustomKeyStoreId: required(text(1, 64)) },
  (call, input) => {
    authorizeAccount(call, 'kms:DisconnectCustomKeyStore');
    const keyStore = findKeyStore(call, input.CustomKeyStoreId);
    if (keyStore.state === 'DISCONNECTED' || keyStore.state === 'DISCONNECTING') {
      throw wrongStoreState(keyStore);
    }
    const settlesAt = call.now + CONNECT_MILLISECONDS;
    call.emulator.store.keyStores.put({
      ...keyStore,
      state: 'DISCONNECTING',
      settlesAt,
      connectionError: null,
    });
    return {};
  },
);
