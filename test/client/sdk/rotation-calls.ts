// SPDX-License-Identifier: Apache-2.0
// How the methods of a rotation under way are called, and the path that must be requested; a part of `client.test.ts`.
import type { Client } from '#client/sdk/index.ts';

type Call = readonly [(client: Client) => Promise<unknown>, string];

export const ROTATION_CALLS = {
  cancelRotation: [
    (c) => c.cancelRotation('op_1', { reason: 'switched off' }),
    '/v1/rotations/op_1/cancellation',
  ],
  reportRotation: [
    (c) => c.reportRotation('op_1', { consumer: 'orders-api', version: 2, calls: 9, errors: 1 }),
    '/v1/rotations/op_1/reports',
  ],
  rollBackRotation: [
    (c) => c.rollBackRotation('op_1', { reason: 'errors' }),
    '/v1/rotations/op_1/rollback',
  ],
  forceRotation: [
    (c) => c.forceRotation('op_1', { reason: 'switched off' }),
    '/v1/rotations/op_1/force',
  ],
} satisfies Record<string, Call>;
