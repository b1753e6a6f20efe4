// SPDX-License-Identifier: Apache-2.0
// Revocation and suspension as the API takes and shows them.
import { z } from 'zod';
import { instant, KeyName, text } from './api.ts';
import { ActAccepted, ApprovalId, Reason } from './approvals.ts';
import { CONTAINMENT_KINDS, CONTAINMENT_MODES, SCOPE_KINDS } from './vocabulary.ts';

const mode = z
  .enum(CONTAINMENT_MODES)
  .optional()
  .describe('hard: the KMS key is disabled; locked: its policy denies; absent: as the class says');
const emergency = z
  .boolean()
  .optional()
  .describe(
    'acts at once where a quorum should decide; everybody is told, and a quorum reviews it',
  );

export const RevokeKeyRequest = z
  .strictObject({
    reason: Reason,
    version: z.int().min(1).max(99_999_999).optional().describe('absent: the whole key'),
    mode,
    successor: z
      .boolean()
      .optional()
      .describe('of the current version: once it is revoked, the key goes on with a new one'),
    occurredAt: instant.optional().describe('when the compromise happened, as far as known'),
    emergency,
  })
  .meta({ id: 'RevokeKeyRequest' });

export const SuspendKeyRequest = z
  .strictObject({ reason: Reason, mode, emergency })
  .meta({ id: 'SuspendKeyRequest' });

export const ContainmentAccepted = ActAccepted.extend({
  state: z
    .enum(['revoking', 'revoked', 'suspending', 'suspended'])
    .nullable()
    .describe('null while it waits for approvals; denied here from this answer on'),
  kms: z
    .enum(['accepted', 'pending'])
    .nullable()
    .describe('pending: KMS did not take the block yet and is asked on'),
  reviewId: ApprovalId.nullable().describe('the review of an emergency'),
}).meta({ id: 'ContainmentAccepted' });

export const ResumeKeyRequest = z
  .strictObject({ reason: Reason.optional() })
  .meta({ id: 'ResumeKeyRequest' });

/** What a request for approval asks to be done; a part of its digest. */
export const AskedContainment = z.object({
  kind: z.enum(CONTAINMENT_KINDS),
  mode: z.enum(CONTAINMENT_MODES).nullable(),
  occurredAt: z.string().nullable(),
  withSuccessor: z.boolean().optional(),
});

export const KeyScope = z
  .strictObject({ kind: z.enum(SCOPE_KINDS), value: text })
  .describe('all keys that have this owner, class, environment, application or host')
  .meta({ id: 'KeyScope' });
const count = z.int().min(0);

export const ContainmentId = z
  .string()
  .regex(/^scp_[0-9a-f]{26}$/)
  .meta({ id: 'ContainmentId' });

export const PlanContainmentRequest = z
  .strictObject({ scope: KeyScope, kind: z.enum(CONTAINMENT_KINDS), mode })
  .meta({ id: 'PlanContainmentRequest' });

export const ContainmentPlan = z
  .object({
    keys: count.describe('keys that would be contained now'),
    already: count,
    protectedKeys: z.array(KeyName).describe('of the scope, and never contained'),
    order: z
      .array(z.object({ class: z.string(), keys: count }))
      .describe('in which KMS is made to refuse'),
    isPartial: z
      .boolean()
      .describe(
        'there are more keys: not all were counted in time, and all of this is of some of them',
      ),
    floorSeconds: count.describe('KMS takes at least as long, by its quotas'),
    quorumBecause: z
      .string()
      .nullable()
      .describe('null: one person may do it, if the hour has room'),
  })
  .meta({ id: 'ContainmentPlan' });

export const ContainScopeRequest = z
  .strictObject({
    scope: KeyScope,
    kind: z.enum(CONTAINMENT_KINDS),
    mode,
    reason: Reason,
    occurredAt: instant.optional().describe('when the compromise happened, as far as known'),
    emergency: emergency.describe(
      'of a suspension: acts at once where a quorum should decide, once an hour; a quorum reviews it',
    ),
  })
  .meta({ id: 'ContainScopeRequest' });

export const ScopeContainmentAccepted = ActAccepted.extend({
  containmentId: ContainmentId.nullable().describe(
    'null while it waits for approvals; all its keys are denied here from this answer on',
  ),
  reviewId: ApprovalId.nullable().describe('the review of an emergency'),
}).meta({ id: 'ScopeContainmentAccepted' });

export const ScopeContainment = z
  .object({
    id: ContainmentId,
    scope: KeyScope,
    kind: z.enum(CONTAINMENT_KINDS),
    mode: z.enum(CONTAINMENT_MODES).nullable(),
    reason: Reason,
    requestedBy: z.string(),
    isEmergency: z.boolean(),
    isReviewOpen: z.boolean().describe('somebody acted alone, and no quorum has looked at it yet'),
    occurredAt: instant.nullable(),
    state: z
      .enum(['running', 'done', 'lifting', 'lifted'])
      .describe(
        'running: denied as a whole; done: each key is contained by itself; lifting: they are let be used again, one after the other',
      ),
    counts: z.object({
      found: count.describe('keys of it that are known of so far'),
      contained: count,
      already: count,
      refused: count.describe('protected, released or destroyed'),
      failed: count.describe('tried again in the next pass'),
    }),
    pass: z.int().min(1),
    floorSeconds: count,
    failures: z.array(z.object({ key: KeyName, cause: z.string() })).max(20),
    startedAt: instant,
    endedAt: instant.nullable(),
    lift: z
      .object({
        by: z.string(),
        reason: Reason.nullable(),
        at: instant,
        lifted: count.describe('keys whose lifting was begun'),
        failed: count.describe('tried again in the next pass'),
        pass: z.int().min(1),
        failures: z.array(z.object({ key: KeyName, cause: z.string() })).max(20),
        endedAt: instant.nullable().describe('when none was suspended by it any more'),
      })
      .nullable(),
  })
  .meta({ id: 'ScopeContainment' });

export const ScopeContainmentPage = z
  .object({ items: z.array(ScopeContainment), nextCursor: z.string().nullable() })
  .meta({ id: 'ScopeContainmentPage' });

/** What a request for approval asks to be done to a scope; a part of its digest. */
export const AskedScopeContainment = z.object({
  scope: z.enum(SCOPE_KINDS),
  value: z.string(),
  kind: z.enum(CONTAINMENT_KINDS),
  mode: z.enum(CONTAINMENT_MODES).nullable(),
  occurredAt: z.string().nullable(),
});
