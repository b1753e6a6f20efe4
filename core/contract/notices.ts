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

/** Events that tell a consumer to forget what it holds of a key, and to say so. */
export const STOP_NOTICES: readonly NoticeName[] = [
  'key.revoking',
  'key.revoked',
  'key.suspending',
  'key.suspended',
];

/**
 * Answer of a webhook that counts as the consumer's word: the staged version that it runs, or, to a notice of a stop, that
 * nothing of the key is left in its caches. Every other body is only read as taken.
 */
export const NoticeReply = z.object({
  version: z.int().positive().optional(),
  purged: z.literal(true).optional(),
});
