// SPDX-License-Identifier: Apache-2.0
// Who decides, as the API shows it: the policy in force, what is deployed, and what was agreed on but waits.
import { z } from 'zod';
import { instant } from './api.ts';
import { ApprovalId, Digest, Reason } from './approvals.ts';

export const DecisionRule = z
  .strictObject({
    name: z.string(),
    actions: z.array(z.string()),
    classes: z.array(z.string()).nullable(),
    /** Null: the quorum of the key's class. */
    required: z.int().nullable(),
    groups: z.array(z.strictObject({ group: z.string(), required: z.int() })),
    distinctTeams: z.int(),
    signed: z.boolean(),
    slack: z.boolean(),
  })
  .meta({ id: 'DecisionRule' });

export const DecisionPerson = z
  .strictObject({
    sub: z.string(),
    user: z.string(),
    groups: z.array(z.string()),
    teams: z.array(z.string()),
  })
  .meta({ id: 'DecisionPerson' });

/** Seen by everybody who may read requests: who decides is no secret among them. */
export const DecisionPolicyView = z
  .strictObject({
    /** Digest of what is in force; null before the first was recorded, when what is deployed holds. */
    digest: Digest.nullable(),
    since: instant.nullable(),
    approvalId: ApprovalId.nullable(),
    deployedDigest: Digest,
    /** What is deployed is in force. */
    isCurrent: z.boolean(),
    /** Agreed on, in force from `since` on. */
    next: z.strictObject({ digest: Digest, since: instant, approvalId: ApprovalId }).nullable(),
    /** Differences of what is deployed, one line each. */
    changes: z.array(z.string()),
    rules: z.array(DecisionRule),
    quorums: z.record(z.string(), z.int()),
    people: z.array(DecisionPerson),
  })
  .meta({ id: 'DecisionPolicy' });

export const ActivatePolicyRequest = z
  .strictObject({
    /** What the caller saw as `deployedDigest`. */
    digest: Digest,
    reason: Reason.optional(),
  })
  .meta({ id: 'ActivatePolicyRequest' });
