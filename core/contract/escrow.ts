// SPDX-License-Identifier: Apache-2.0
// Escrow as the API shows it: sets, sessions, and each custodian's own sealed share. Nothing here is an open share.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';
import { ActAccepted, Digest, Reason } from './approvals.ts';

export const ESCROW_PURPOSES = ['recover', 'reshare'] as const;

/** Base64 of an age file that holds one share: some 300 bytes, or 2 kB to a post-quantum key. */
const sealed = z
  .string()
  .min(1)
  .max(8192)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'must be base64');

const Holder = z.object({ sub: z.string(), recipient: z.string() });

export const EscrowSet = z
  .object({
    setId: z.string(),
    version: z.int().positive(),
    generation: z.int().positive(),
    state: z.enum(['pending', 'active', 'retired']),
    required: z.int(),
    total: z.int(),
    custodians: z.array(
      Holder.extend({
        provenAt: instant.nullable().describe('when they proved that they hold it'),
      }),
    ),
    createdAt: instant,
    activatedAt: instant.nullable(),
    openedAt: instant.nullable().describe('shares were brought together: split it anew'),
    retiredAt: instant.nullable(),
    cause: z.string().nullable(),
  })
  .meta({ id: 'EscrowSet' });

export const EscrowSession = z
  .object({
    id: z.string(),
    purpose: z.enum(ESCROW_PURPOSES),
    setId: z.string(),
    version: z.int().positive(),
    generation: z.int().positive(),
    state: z.enum(['requested', 'open', 'done', 'cancelled', 'expired']),
    recipient: z.string().describe('age recipient that shares are sealed to'),
    required: z.int(),
    contributed: z.array(z.string()),
    missing: z.array(z.string()).describe('custodians whose share is not in'),
    used: z.array(z.string()),
    refused: z.string().nullable().describe('whose shares did not hold at the last try, and why'),
    next: z.object({ required: z.int(), custodians: z.array(Holder) }).nullable(),
    reason: z.string().nullable(),
    requestedBy: z.string(),
    requestedAt: instant,
    expiresAt: instant,
    endedAt: instant.nullable(),
    approvalId: z.string().nullable(),
  })
  .meta({ id: 'EscrowSession' });

export const Escrow = z
  .object({ key: KeyName, sets: z.array(EscrowSet), sessions: z.array(EscrowSession) })
  .meta({ id: 'Escrow' });

/** A share, sealed to who asks. */
export const SealedShare = z
  .object({
    type: z.literal('keyturn-share/1'),
    setId: z.string(),
    key: KeyName,
    version: z.int().positive(),
    generation: z.int().positive(),
    index: z.int(),
    required: z.int(),
    total: z.int(),
    bytes: z.int(),
    custodian: z.string(),
    recipient: z.string(),
    shareDigest: Digest,
    checkValue: Digest,
    createdAt: instant,
    sealed: z.string(),
    signature: z.string(),
  })
  .meta({ id: 'SealedShare' });

export const SealedShares = z.object({ items: z.array(SealedShare) }).meta({ id: 'SealedShares' });

export const StartEscrowSessionRequest = z
  .strictObject({
    purpose: z.enum(ESCROW_PURPOSES),
    version: z.int().positive().optional().describe('absent: the current version'),
    reason: Reason.optional(),
    required: z.int().min(2).max(255).optional().describe('of a re-share'),
    custodians: z.array(z.string().max(128)).min(2).max(255).optional().describe('of a re-share'),
  })
  .refine(
    ({ purpose, required, custodians }) =>
      (purpose === 'reshare') === (required !== undefined && custodians !== undefined) &&
      (required === undefined) === (custodians === undefined),
    { message: 'a re-share names required and custodians, a recovery neither' },
  )
  .meta({ id: 'StartEscrowSessionRequest' });

/** The request for approval, and the session that it opens. */
export const EscrowSessionAccepted = ActAccepted.extend({ session: EscrowSession }).meta({
  id: 'EscrowSessionAccepted',
});

export const ContributeShareRequest = z
  .strictObject({ sealed: sealed.describe('the share, sealed with age to the session, base64') })
  .meta({ id: 'ContributeShareRequest' });

export const ProveShareRequest = z
  .strictObject({
    version: z.int().positive(),
    generation: z.int().positive(),
    proof: Digest.describe('SHA-256 of `keyturn-holding/1`, a line feed and the open share'),
  })
  .meta({ id: 'ProveShareRequest' });
