// SPDX-License-Identifier: Apache-2.0
// Events of mass brakes; a part of the table of events. The first and the third have the policy put on and taken off.
import { z } from 'zod';

const BRAKE = {
  key: z.null().describe('it is about roles'),
  brake: z.string().describe('id of the brake'),
  scope: z.string().describe('all, or what its keys have in common'),
  value: z.string().nullable(),
} as const;

export const BRAKE_EVENTS = {
  'brake.applying': {
    action: 'brake.applying',
    summary: 'The roles of a scope are being denied the use of managed keys at KMS',
    members: { ...BRAKE, isEmergency: z.boolean().describe('somebody acted alone') },
  },
  'brake.applied': {
    action: 'brake.applied',
    summary: 'IAM shows the brake on every role of its scope',
    members: { ...BRAKE, applied: z.int(), already: z.int() },
  },
  'brake.lifting': {
    action: 'brake.lifting',
    summary: 'A quorum has lifted the brake: it is taken off',
    members: BRAKE,
  },
  'brake.lifted': {
    action: 'brake.lifted',
    summary: 'IAM shows the brake on no role any more, but on those that another one holds',
    members: { ...BRAKE, kept: z.int() },
  },
} as const;

/** Events behind which roles have to be touched: the rule on the bus and the table of events share the list. */
export const BRAKE_WORK = ['brake.applying', 'brake.lifting'] as const;
