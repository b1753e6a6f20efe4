// SPDX-License-Identifier: Apache-2.0
// How the methods are called that stop keys, and the path that must be requested; a part of `client.test.ts`.
import type { Client } from '#client/sdk/index.ts';

export const CONTAINMENT_CALLS = {
  resumeKey: [(c) => c.resumeKey('orders'), '/v1/keys/orders/suspension'],
  suspendKey: [(c) => c.suspendKey('orders', { reason: 'odd' }), '/v1/keys/orders/suspension'],
  revokeKey: [(c) => c.revokeKey('orders', { reason: 'leak' }), '/v1/keys/orders/revocations'],
  planContainment: [
    (c) => c.planContainment({ scope: { kind: 'owner', value: 'olga' }, kind: 'suspension' }),
    '/v1/containment-plans',
  ],
  containScope: [
    (c) =>
      c.containScope({
        scope: { kind: 'owner', value: 'olga' },
        kind: 'suspension',
        reason: 'asked',
      }),
    '/v1/containments',
  ],
  listContainments: [(c) => c.listContainments(), '/v1/containments'],
  liftContainment: [(c) => c.liftContainment('scp_1'), '/v1/containments/scp_1'],
  getContainment: [(c) => c.getContainment('scp_1'), '/v1/containments/scp_1'],
} as const satisfies Record<string, readonly [(client: Client) => Promise<unknown>, string]>;
