// SPDX-License-Identifier: Apache-2.0
// Approvals as the API shows them: what several people decide, their votes, and the answers. `core/approvals` decides.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';
import { ENVIRONMENTS } from './vocabulary.ts';

/** Acts that nobody may do alone. To add one, add its act under `core/approvals/acts`. */
export const APPROVAL_ACTIONS = [
  'rotation.force',
  'key.release',
  'key.revoke',
  'scope.revoke',
  'scope.lift',
  'brake.apply',
  'brake.lift',
  'key.lift-suspension',
  'version.retire',
  'version.open',
  'version.destroy',
  'key.recover',
  'key-store.recover',
  'key-store.disconnect',
  'policy.change',
  'quorum.change',
  'signer.enroll',
  'elevation.grant',
  'break-glass.review',
  'escrow.recover',
  'escrow.reshare',
] as const;
export type ApprovalAction = (typeof APPROVAL_ACTIONS)[number];

/** `approved` waits for its one execution; `lapsed`: its window passed, or what it rested on changed. */
export const APPROVAL_STATES = [
  'pending',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'executed',
  'lapsed',
] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

/** Surfaces on which people decide. */
export const VOTE_CHANNELS = ['api', 'cli', 'web', 'email', 'slack'] as const;
export type VoteChannel = (typeof VOTE_CHANNELS)[number];

export const VOTE_DECISIONS = ['approve', 'deny'] as const;
export type VoteDecision = (typeof VOTE_DECISIONS)[number];

/** Largest reason; a Slack section and a mail show it whole or cut at their own limits. */
const MAX_REASON = 2000;
/**
 * Text for people: no control, format or bidirectional characters, which could show one thing and hold another
 * (Unicode TR 36 §2; threat T6).
 */
export const Reason = z
  .string()
  .min(1)
  .max(MAX_REASON)
  .regex(/^[^\p{Cc}\p{Cf}\p{Co}\p{Cs}]*$/u, 'must not hold control or formatting characters')
  .meta({ id: 'ApprovalReason' });

export const ApprovalId = z
  .string()
  .regex(/^apr_[0-9A-HJKMNP-TV-Z]{26}$/)
  .meta({ id: 'ApprovalId' });
export const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
  .meta({ id: 'ApprovalDigest' });

/** An assertion whose challenge is the SHA-256 of the vote statement. */
export const PasskeySignature = z.strictObject({
  kind: z.literal('webauthn'),
  credentialId: z.string().max(1024),
  authenticatorData: z.string().max(4096),
  clientDataJSON: z.string().max(4096),
  signature: z.string().max(4096),
});
export type PasskeySignature = z.infer<typeof PasskeySignature>;

/** A signature over the vote statement, by the voter's own key. */
export const VoteSignature = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('ssh-ed25519'),
      publicKey: z.string().max(1024),
      signature: z.string().max(4096),
    }),
    PasskeySignature,
  ])
  .meta({ id: 'VoteSignature' });
export type VoteSignature = z.infer<typeof VoteSignature>;

export const CastVoteRequest = z
  .strictObject({
    decision: z.enum(VOTE_DECISIONS),
    /** What the voter saw: a request that says something else by now is not decided by this vote. */
    digest: Digest,
    reason: Reason.optional(),
    signature: VoteSignature.optional(),
    /** Surface that the person used; absent: `api`. */
    channel: z.enum(['api', 'cli', 'web']).optional(),
  })
  .meta({ id: 'CastVoteRequest' });

export const Vote = z
  .object({
    by: z.string(),
    name: z.string(),
    decision: z.enum(VOTE_DECISIONS),
    at: instant,
    channel: z.enum(VOTE_CHANNELS),
    digest: Digest,
    reason: z.string().nullable(),
    signature: VoteSignature.nullable(),
  })
  .meta({ id: 'Vote' });

export const Elector = z
  .object({
    sub: z.string(),
    user: z.string(),
    groups: z.array(z.string()),
    teams: z.array(z.string()),
  })
  .meta({ id: 'Elector' });

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What the votes bind to; its RFC 8785 form has the digest. */
export const CanonicalRequest = z
  .object({
    type: z.literal('keyturn-approval/1'),
    id: ApprovalId,
    stage: z.string(),
    action: z.enum(APPROVAL_ACTIONS),
    key: KeyName.nullable(),
    version: z.int().positive().nullable(),
    operationId: z.string().nullable(),
    parameters: z.record(z.string(), Scalar),
    basis: Digest.describe('digest of the state that the request rests on'),
    class: z.string(),
    environment: z.enum(ENVIRONMENTS).nullable(),
    reason: z.string().nullable(),
    requestedBy: z.string(),
    requestedAt: instant,
    expiresAt: instant,
    rule: z.object({
      name: z.string(),
      required: z.int().min(1),
      groups: z.array(z.object({ group: z.string(), required: z.int().min(0) })),
      distinctTeams: z.int().min(1),
      signed: z.boolean(),
      slack: z.boolean(),
      windowSeconds: z.int().min(1),
      executionSeconds: z.int().min(1),
    }),
    roster: z.array(z.string()).describe('immutable ids of who may vote, sorted'),
  })
  .meta({ id: 'CanonicalApproval' });
export type CanonicalRequest = z.infer<typeof CanonicalRequest>;

export const Approval = z
  .object({
    id: ApprovalId,
    action: z.enum(APPROVAL_ACTIONS),
    key: KeyName.nullable(),
    state: z.enum(APPROVAL_STATES),
    cause: z.string().nullable(),
    what: z.string(),
    requestedBy: z.string(),
    requesterName: z.string(),
    reason: z.string().nullable(),
    requestedAt: instant,
    expiresAt: instant,
    required: z.int(),
    approvals: z.int().describe('votes that count now'),
    missing: z.array(z.string()).describe('what the quorum still lacks, in words'),
    votes: z.array(Vote),
    roster: z.array(Elector),
    digest: Digest,
    canonical: CanonicalRequest,
    blast: z.object({
      consumers: z.int(),
      topOwners: z.array(z.string()),
      lastUse: z.string().nullable(),
      unreadable: z.string().nullable(),
      undo: z.string().nullable(),
      irreversible: z.boolean(),
    }),
    approvedAt: instant.nullable(),
    executeBefore: instant.nullable(),
    executedAs: z.string().nullable().describe('operation that the approval started'),
    mayVote: z.boolean().describe('whether the caller may vote now'),
    undelivered: z.array(z.string()).describe('channels whose notice could not be delivered'),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

export const ApprovalPage = z
  .object({ items: z.array(Approval), nextCursor: z.string().nullable() })
  .meta({ id: 'ApprovalPage' });

/** Answer to an act: it runs, or it waits for approvals. */
export const ActAccepted = z
  .object({
    operationId: z.string().nullable().describe('null while the act waits for approvals'),
    approvalId: ApprovalId.nullable().describe('null for an act that needed none'),
    digest: Digest.nullable(),
    expiresAt: instant.nullable(),
  })
  .meta({ id: 'ActAccepted' });
