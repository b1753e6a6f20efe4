// SPDX-License-Identifier: Apache-2.0
// Passkeys that votes are signed with: where a stage takes them, and how the API shows them.
import { z } from 'zod';
import { instant } from './api.ts';
import { ApprovalId } from './approvals.ts';
import { KnownCredential } from './mail.ts';

/** A name of DNS in lower case: what an authenticator is told to make a passkey for. */
const RpId = z
  .string()
  .max(253)
  .regex(
    /^(localhost|([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?)$/,
    'must be a domain such as keyturn.example.com, no address and no URL',
  );

/** As browsers write it: no slash at the end, no port that the scheme has anyway. */
const Origin = z
  .string()
  .max(300)
  .refine((text) => URL.canParse(text) && new URL(text).origin === text, {
    message: 'must be an origin such as https://keyturn.example.com, as browsers write it',
  });

/** Browsers hand passkeys to pages with TLS, and to those of the machine itself (Secure Contexts, section 3.1). */
const isSecure = (origin: string) => {
  const { protocol, hostname } = new URL(origin);
  return protocol === 'https:' || (protocol === 'http:' && hostname === 'localhost');
};
/** Web Authentication Level 3, section 5.1.4: a passkey is for its domain and those below. */
const isBelow = (origin: string, rpId: string) =>
  new URL(origin).hostname === rpId || new URL(origin).hostname.endsWith(`.${rpId}`);

/** Where a stage takes passkeys. */
export const PasskeySite = z
  .strictObject({ rpId: RpId, origins: z.array(Origin).min(1).max(10) })
  .refine(({ rpId, origins }) => origins.every((one) => isSecure(one) && isBelow(one, rpId)), {
    path: ['origins'],
    message: 'must begin with https:// and be of the domain rpId or below it',
  });
export type PasskeySite = z.infer<typeof PasskeySite>;

/** JSON in one variable; empty: this deployment takes no passkeys. */
export const PasskeyVariable = z
  .string()
  .transform((json) => (json === '' ? null : PasskeySite.parse(JSON.parse(json))));

export const SignerId = z
  .string()
  .regex(/^pky_[0-9A-HJKMNP-TV-Z]{26}$/)
  .meta({ id: 'SignerId' });

export const Signer = z
  .object({
    id: SignerId,
    person: z.string().describe('immutable id'),
    name: z.string(),
    label: z.string().describe('what its owner calls it'),
    credentialId: z.string().describe('base64url'),
    publicKey: z.string().describe('SubjectPublicKeyInfo (RFC 5280) in DER as base64url'),
    rpId: z.string().describe('the domain that it was made for'),
    signCount: z.int().min(0).describe('largest count of uses that a vote stated'),
    transports: z.array(z.string()),
    approvalId: ApprovalId,
    enrolledAt: instant,
    lastUsedAt: instant.nullable(),
    removedAt: instant.nullable(),
    removedBy: z.string().nullable(),
    isActive: z.boolean(),
  })
  .meta({ id: 'Signer' });
export type Signer = z.infer<typeof Signer>;

export const SignerPage = z
  .object({ items: z.array(Signer), nextCursor: z.string().nullable() })
  .meta({ id: 'SignerPage' });

const bytes = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[\w-]+$/, 'must be base64url without padding');

export const EnrollSignerRequest = z
  .strictObject({
    label: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/, 'must be 1 to 40 letters, digits, spaces, . _ -')
      .describe('what its owner calls it'),
    credentialId: bytes(683),
    authenticatorData: bytes(2800).describe('getAuthenticatorData() of the answer'),
    clientDataJSON: bytes(4096),
    publicKey: bytes(1024).describe('getPublicKey() of the answer'),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(8)
      .default([]),
  })
  .meta({ id: 'EnrollSignerRequest' });
export type EnrollSignerRequest = z.infer<typeof EnrollSignerRequest>;

export const SignerLink = z
  .object({
    path: z.string().describe('below the endpoint; behind the # is the secret of the link'),
    expiresAt: instant,
    rpId: z.string(),
    origins: z.array(z.string()).describe('addresses on which its page works'),
  })
  .meta({ id: 'SignerLink' });
export type SignerLink = z.infer<typeof SignerLink>;

const Secret = z.string().max(200).describe('what follows the # of the link');

export const EnrollPageRequest = z
  .discriminatedUnion('do', [
    z.strictObject({ do: z.literal('show'), secret: Secret }),
    z.strictObject({
      do: z.literal('register'),
      secret: Secret,
      csrf: z.string().max(200).describe('as the page was shown with'),
      registration: EnrollSignerRequest,
    }),
  ])
  .meta({ id: 'EnrollPageRequest' });
export type EnrollPageRequest = z.infer<typeof EnrollPageRequest>;

export const EnrollPageAnswer = z
  .union([
    z.object({
      rpId: z.string(),
      name: z.string(),
      userId: z.string().describe('base64url'),
      challenge: z.string().describe('base64url'),
      credentials: z.array(KnownCredential).describe('of the person already'),
      csrf: z.string(),
    }),
    z.object({ approvalId: ApprovalId, detail: z.string() }),
  ])
  .meta({ id: 'EnrollPageAnswer' });
export type EnrollPageAnswer = z.infer<typeof EnrollPageAnswer>;
