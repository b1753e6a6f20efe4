// SPDX-License-Identifier: Apache-2.0
// Revocation and suspension as the API takes and shows them.
import { z } from 'zod';
import { instant } from './api.ts';
import { ActAccepted, ApprovalId, Reason } from './approvals.ts';
import { CONTAINMENT_KINDS, CONTAINMENT_MODES } from './vocabulary.ts';

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
