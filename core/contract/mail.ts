// SPDX-License-Identifier: Apache-2.0
// What the page behind a mail's link posts, and what it is answered. The page is the only caller.
import { z } from 'zod';
import { Digest, PasskeySignature, Reason, VOTE_DECISIONS } from './approvals.ts';

const Secret = z.string().max(200).describe('what follows the # of the link');

/** What a browser is told of a passkey that it may use. */
export const KnownCredential = z.object({ id: z.string(), transports: z.array(z.string()) });

export const MailPageRequest = z
  .discriminatedUnion('do', [
    z.strictObject({ do: z.literal('show'), secret: Secret }),
    z
      .strictObject({
        do: z.literal('vote'),
        secret: Secret,
        csrf: z.string().max(200).describe('as the request was shown with'),
        digest: Digest,
        decision: z.enum(VOTE_DECISIONS),
        reason: Reason.optional(),
        signature: PasskeySignature.optional(),
      })
      .refine(({ decision, reason }) => decision === 'approve' || reason !== undefined, {
        path: ['reason'],
        message: 'is needed to deny',
      }),
  ])
  .meta({ id: 'MailPageRequest' });
export type MailPageRequest = z.infer<typeof MailPageRequest>;

export const MailPageAnswer = z
  .union([
    z.object({
      title: z.string(),
      fields: z.array(z.object({ name: z.string(), lines: z.array(z.string()) })),
      digest: Digest,
      mayVote: z.boolean(),
      why: z.string().describe('why there is nothing to decide here; empty when there is'),
      csrf: z.string(),
      passkey: z
        .object({
          rpId: z.string(),
          challenge: z.string().describe('of an approval, as base64url'),
          credentials: z.array(KnownCredential),
        })
        .nullable()
        .describe('what approving takes beside a click'),
    }),
    z.object({ detail: z.string().describe('what became of the vote') }),
  ])
  .meta({ id: 'MailPageAnswer' });
export type MailPageAnswer = z.infer<typeof MailPageAnswer>;
