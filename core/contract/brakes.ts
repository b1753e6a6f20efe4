// SPDX-License-Identifier: Apache-2.0
// Mass brakes, as the API takes and shows them.
import { z } from 'zod';
import { instant, RoleArn, text } from './api.ts';
import { ActAccepted, ApprovalId, Reason } from './approvals.ts';
import { BRAKE_SCOPE_KINDS, BRAKE_STATES, BRAKED_ROLE_STATES, ROLE_FAULTS } from './vocabulary.ts';

export const BrakeId = z
  .string()
  .regex(/^brk_[0-9a-f]{26}$/, 'must be the id of a brake')
  .meta({ id: 'BrakeId' });

export const BrakeScope = z
  .strictObject({ kind: z.enum(BRAKE_SCOPE_KINDS), value: text.nullable() })
  .refine(({ kind, value }) => (kind === 'all') === (value === null), {
    path: ['value'],
    message: 'is null for all, and named for everything else',
  })
  .refine(({ kind, value }) => kind !== 'role' || RoleArn.safeParse(value).success, {
    path: ['value'],
    message: 'must be the ARN of an IAM role without a path',
  })
  .describe(
    'whose roles: of all keys (value null), of the keys that have this owner, class, environment, application or host, or one role by its ARN',
  )
  .meta({ id: 'BrakeScope' });

export const ApplyBrakeRequest = z
  .strictObject({
    scope: BrakeScope,
    reason: Reason,
    emergency: z
      .boolean()
      .optional()
      .describe('acts at once where a quorum should decide, once an hour; a quorum reviews it'),
  })
  .meta({ id: 'ApplyBrakeRequest' });

export const LiftBrakeRequest = z
  .strictObject({ reason: Reason.optional() })
  .meta({ id: 'LiftBrakeRequest' });

export const BrakeAccepted = ActAccepted.extend({
  brakeId: BrakeId.nullable().describe('null while it waits for approvals'),
  reviewId: ApprovalId.nullable().describe('the review of an emergency'),
}).meta({ id: 'BrakeAccepted' });

const count = z.int().min(0);

export const BrakeSummary = z
  .object({
    id: BrakeId,
    scope: BrakeScope,
    reason: Reason,
    requestedBy: z.string(),
    isEmergency: z.boolean(),
    isReviewOpen: z.boolean().describe('somebody acted alone, and no quorum has looked at it yet'),
    state: z
      .enum(BRAKE_STATES)
      .describe(
        'applying: not seen on every role; applied: IAM shows it on every role; lifting: it is taken off; lifted: IAM shows it on none',
      ),
    counts: z.object({
      pending: count.describe('asked for, not seen yet'),
      applied: count,
      already: count.describe('seen there before this brake asked'),
      failed: count.describe('tried again each minute'),
      protected: count.describe('never touched'),
      lifted: count,
      kept: count.describe('not let go: another brake holds them'),
    }),
    isFull: z
      .boolean()
      .describe('there are more roles than one brake takes: apply others beside it'),
    startedAt: instant,
    confirmedAt: instant.nullable().describe('when it was last found to be on every role'),
    lift: z
      .object({
        by: z.string(),
        reason: Reason.nullable(),
        at: instant,
        endedAt: instant.nullable().describe('when no role had it by this brake any more'),
      })
      .nullable(),
  })
  .meta({ id: 'BrakeSummary' });

export const Brake = BrakeSummary.extend({
  roles: z
    .array(
      z.object({
        role: z.string(),
        state: z.enum(BRAKED_ROLE_STATES),
        cause: z.enum(ROLE_FAULTS).nullable().describe('of what failed'),
        at: instant.describe('since when'),
      }),
    )
    .max(1500),
}).meta({ id: 'Brake' });

export const BrakePage = z
  .object({ items: z.array(BrakeSummary), nextCursor: z.string().nullable() })
  .meta({ id: 'BrakePage' });

/** What a request for approval asks to be done; a part of its digest. */
export const AskedBrake = z.object({
  scope: z.enum(BRAKE_SCOPE_KINDS),
  value: z.string().nullable(),
});
