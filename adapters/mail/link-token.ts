// SPDX-License-Identifier: Apache-2.0
// The secret of one person's link to one request. It travels in the fragment of the address, which no server and no
// log sees; only its hash is kept. The token against forged posts is made of it, so it needs no place of its own.
import { createHmac } from 'node:crypto';
import { equalDigests, sha256, sha256Hex } from '#core/crypto/hashing.ts';
import { KeyturnError } from '#core/errors.ts';
import type { MailLink, MailLinks } from '#core/ports/mail-links.ts';

/** Bytes of a secret. */
export const LINK_BYTES = 32;

/** Of the part of a link's address that is no secret: 128 bits, so that nobody meets another link by trying. */
const ID_BYTES = 16;

export interface LinkToken {
  /** For the mail only; 43 characters of base64url. */
  readonly secret: string;
  /** What is kept: SHA-256 of the secret's bytes, hexadecimal. */
  readonly hash: string;
}

/** @param random 32 bytes of a cryptographic source. @throws KeyturnError `InternalError` with any other number */
export function makeLinkToken(random: Uint8Array): LinkToken {
  if (random.byteLength !== LINK_BYTES)
    throw new KeyturnError('InternalError', `a link needs ${LINK_BYTES} random bytes`);
  return { secret: Buffer.from(random).toString('base64url'), hash: sha256Hex(random) };
}

/**
 * Keeps a new link of a person.
 * @returns what its address is made of: the secret is kept nowhere
 */
export async function keepNewLink(
  { links, random }: { links: MailLinks; random: (bytes: number) => Uint8Array },
  link: Omit<MailLink, 'id' | 'hash'>,
): Promise<{ readonly id: string; readonly secret: string }> {
  const { secret, hash } = makeLinkToken(random(LINK_BYTES));
  const id = Buffer.from(random(ID_BYTES)).toString('base64url');
  await links.keep({ id, hash, ...link });
  return { id, secret };
}

/** The bytes of a secret in the one spelling it was sent in; undefined when it was cut, changed or rewritten. */
function bytesOf(secret: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(secret)) return undefined;
  const bytes = Buffer.from(secret, 'base64url');
  // The last character has two bits to spare: four spellings would mean the same bytes.
  return bytes.toString('base64url') === secret ? bytes : undefined;
}

/** Whether this is the secret that was kept as `hash`. Constant time over the hash. */
export function isLinkSecret(secret: string, hash: string): boolean {
  const bytes = bytesOf(secret);
  return bytes !== undefined && equalDigests(sha256(bytes), Buffer.from(hash, 'hex'));
}

/** What the page must send back with a decision. A request with another digest needs a new one. */
export function csrfToken(secret: string, approvalId: string, digest: string): string {
  return createHmac('sha256', secret)
    .update(`keyturn-mail-csrf/1\n${approvalId}\n${digest}`)
    .digest('base64url');
}

/** Whether this is the token of the page that showed this request. Constant time. */
export function isCsrfToken(
  offered: string,
  secret: string,
  { approvalId, digest }: { readonly approvalId: string; readonly digest: string },
): boolean {
  return equalDigests(sha256(offered), sha256(csrfToken(secret, approvalId, digest)));
}
