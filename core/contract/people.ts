// SPDX-License-Identifier: Apache-2.0
// What a deployment says of people beside the directory that is checked in: their public keys, mail addresses and ids in Slack, by
// directory name.
import { z } from 'zod';
import { SlackUserId } from './slack.ts';

/** An age recipient as `age-keygen` prints it (X25519, or its post-quantum successor `age1pq1…`). */
export const AgeRecipient = z
  .string()
  .max(2200)
  .regex(/^age1[a-z0-9]+$/, 'must be an age recipient such as age1…');

/** A public key as in `id_ed25519.pub`: votes are signed with it. */
export const SigningKey = z
  .string()
  .max(200)
  .regex(
    /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}( [^\p{Cc}]*)?$/u,
    'must be an Ed25519 key such as "ssh-ed25519 AAAA…"',
  );

/** Where somebody is told of requests: one plain address (`docs/mail.md`). */
export const MailAddress = z
  .email()
  .max(254)
  .regex(/^[^\s"<>,;:]+$/, 'must be one plain address');

export const People = z.record(
  z.string(),
  z.strictObject({
    ageRecipient: AgeRecipient.optional(),
    signingKeys: z.array(SigningKey).max(4).optional(),
    email: MailAddress.optional(),
    slackUserId: SlackUserId.optional(),
  }),
);
export type People = z.infer<typeof People>;

/** JSON in one variable. */
export const PeopleSetting = z.string().transform((json) => People.parse(JSON.parse(json)));
