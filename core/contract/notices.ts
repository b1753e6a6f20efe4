// SPDX-License-Identifier: Apache-2.0
// Signed webhooks to consumers: which events they tell. The rule on the bus and the function share the list.
import { z } from 'zod';
import type { EventName } from './events.ts';

/** Events that consumers are told by webhook. */
export const NOTICE_EVENTS = [
  'key.version.staged',
  'rotation.acknowledgement-reminder',
  'key.rotated',
  'operation.compensated',
  'key.revoking',
  'key.revoked',
  'key.suspending',
  'key.suspended',
  'key.resumed',
] as const satisfies readonly EventName[];
export type NoticeName = (typeof NOTICE_EVENTS)[number];

/** Answer of a webhook that counts as an acknowledgement; every other body is only read as taken. */
export const NoticeReply = z.object({ version: z.int().positive() });
