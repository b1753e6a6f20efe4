// SPDX-License-Identifier: Apache-2.0
// Settings of what people are told: who sends mail, which Slack it is, and where links lead.
import { z } from 'zod';
import { MailAddress } from '../../core/contract/people.ts';

/** Mail goes out when a sender is named; SES must know it, or its domain, as a verified identity (`docs/mail.md`). */
export const MailSetting = z
  .strictObject({
    from: MailAddress.nullable(),
    /** The verified identity; null: the domain of `from`. */
    identity: z.string().min(3).max(320).nullable(),
    /** Mails to one person in a clock hour; what comes behind them is grouped, but not what is about to expire. */
    perHour: z.int().min(1).max(10_000),
  })
  .refine(({ from, identity }) => identity === null || from === null || covers(identity, from), {
    message: 'must be the address in `from`, or its domain',
    path: ['identity'],
  });
export type MailSetting = z.infer<typeof MailSetting>;

const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

function covers(identity: string, from: string): boolean {
  return identity === from || identity.toLowerCase() === domainOf(from);
}

/** The identity that SES checks permissions on. */
export function identityOf({ from, identity }: MailSetting): string | null {
  return from === null ? null : (identity ?? domainOf(from));
}

/**
 * Base address of the API of people, for links. What only the deployment knows stands in braces; an own domain needs
 * none of it.
 */
export const UrlTemplate = z
  .string()
  .max(500)
  .regex(
    /^https?:\/\/[\w.:{}-]+(\/[\w.{}-]+)*$/,
    'must be a URL without query, fragment and slash at its end',
  )
  .refine((url) => [...url.matchAll(/\{(\w*)\}?/g)].every(([part]) => PLACES.includes(part)), {
    message: 'may hold {apiId}, {region} and {stage}',
  });
const PLACES = ['{apiId}', '{region}', '{stage}'];
