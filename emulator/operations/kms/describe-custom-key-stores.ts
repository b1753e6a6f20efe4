// SPDX-License-Identifier: Apache-2.0
// DescribeCustomKeyStores: all, or one by id or name; never the password.
import { isForeign } from '../../authorization/accounts.ts';
import { authorizeAccount } from '../../authorization/authorize.ts';
import { epochSeconds } from '../../clock.ts';
import { findKeyStore } from '../../keys/key-store-lookup.ts';
import { page, pagingMembers } from '../../keys/paging.ts';
import { AwsError } from '../../protocol/errors.ts';
import { text } from '../../protocol/members.ts';
import { type Call, operation } from '../../protocol/operation.ts';
import { optional } from '../../protocol/shape.ts';
import type { KeyStoreRecord } from '../../store/key-stores.ts';

function described(keyStore: KeyStoreRecord) {
  return {
    CustomKeyStoreId: keyStore.keyStoreId,
    CustomKeyStoreName: keyStore.name,
    CloudHsmClusterId: keyStore.clusterId,
    TrustAnchorCertificate: keyStore.trustAnchor,
    ConnectionState: keyStore.state,
    ...(keyStore.connectionError === null ? {} : { ConnectionErrorCode: keyStore.connectionError }),
    CreationDate: epochSeconds(keyStore.createdAt),
    CustomKeyStoreType: 'AWS_CLOUDHSM',
  };
}

function select(call: Call, id: string | undefined, name: string | undefined): KeyStoreRecord[] {
  if (id !== undefined && name !== undefined) {
    throw new AwsError(
      'ValidationException',
      'Specify either CustomKeyStoreId or CustomKeyStoreName, not both.',
    );
  }
  if (id !== undefined) return [findKeyStore(call, id)];
  const own = isForeign(call) ? [] : call.emulator.store.keyStores.all();
  const all = own.map(({ keyStoreId }) => findKeyStore(call, keyStoreId));
  if (name === undefined) return all;
  const named = all.filter((keyStore) => keyStore.name === name);
  if (named.length > 0) return named;
  throw new AwsError(
    'CustomKeyStoreNotFoundException',
    `The custom key store ${name} does not exist.`,
  );
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeCustomKeyStores.html */
export const describeCustomKeyStores = operation(
  'DescribeCustomKeyStores',
  {
    CustomKeyStoreId: optional(text(1, 64)),
    CustomKeyStoreName: optional(text(1, 256)),
    ...pagingMembers,
  },
  (call, input) => {
    authorizeAccount(call, 'kms:DescribeCustomKeyStores');
    const found = select(call, input.CustomKeyStoreId, input.CustomKeyStoreName);
    const { items, more } = page(found, ({ name }) => name, input, 1000);
    return { CustomKeyStores: items.map(described), ...more };
  },
);
