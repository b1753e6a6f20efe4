// SPDX-License-Identifier: Apache-2.0
// Events about requests for approval that people are told of: the rule that feeds the notices and the use case share it.
import type { EventName } from './events.ts';

/** Events that people are told of, and as what. */
export const TOLD_EVENTS = {
  'approval.requested': 'requested',
  'approval.voted': 'voted',
  'approval.reminded': 'reminder',
  'approval.extended': 'reminder',
  'approval.escalated': 'escalated',
  'approval.approved': 'approved',
  'approval.denied': 'denied',
  'approval.expired': 'expired',
  'approval.cancelled': 'cancelled',
  'approval.executed': 'executed',
  'approval.lapsed': 'lapsed',
} as const satisfies Partial<Record<EventName, string>>;
export type ToldEvent = keyof typeof TOLD_EVENTS;
export const TOLD_EVENT_NAMES = Object.keys(TOLD_EVENTS) as ToldEvent[];
