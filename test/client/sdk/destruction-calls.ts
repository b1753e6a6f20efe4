// SPDX-License-Identifier: Apache-2.0
// How the methods of destruction are called, and the path that must be requested; a part of `client.test.ts`.
import type { Client } from '#client/sdk/index.ts';

type Call = readonly [(client: Client) => Promise<unknown>, string];

export const DESTRUCTION_CALLS = {
  openVersion: [
    (c) => c.openVersion({ key: 'orders', version: 1 }, { hours: 24, reason: 'leaked' }),
    '/v1/keys/orders/versions/1/reencryption',
  ],
  requestDestruction: [
    (c) => c.requestDestruction('orders', { version: 1, confirm: 'orders', reason: 'asked' }),
    '/v1/keys/orders/destructions',
  ],
  getDestruction: [
    (c) => c.getDestruction({ key: 'orders', version: 1 }),
    '/v1/keys/orders/versions/1/destruction',
  ],
  stopDestruction: [
    (c) => c.stopDestruction({ key: 'orders', version: 1 }),
    '/v1/keys/orders/versions/1/destruction',
  ],
  reportMaterial: [
    (c) =>
      c.reportMaterial(
        { key: 'orders', version: 1 },
        {
          clusterId: 'cluster-abcdefghijk',
          listingDigest: 'ab'.repeat(32),
          objectsListed: 1,
          objectsFound: 0,
        },
      ),
    '/v1/keys/orders/versions/1/destruction/material',
  ],
} satisfies Record<string, Call>;
