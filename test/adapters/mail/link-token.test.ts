// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { csrfToken, isCsrfToken, isLinkSecret, makeLinkToken } from '#adapters/mail/link-token.ts';

const BYTES = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 1);
const { secret, hash } = makeLinkToken(BYTES);
const SUBJECT = { approvalId: 'apr_01K0000000000000000000000A', digest: 'ab'.repeat(32) };

describe('the secret of a link', () => {
  it('is 32 bytes, kept as their SHA-256', () => {
    expect(Buffer.from(secret, 'base64url')).toEqual(Buffer.from(BYTES));
    expect(hash).toBe(createHash('sha256').update(BYTES).digest('hex'));
    expect(isLinkSecret(secret, hash)).toBe(true);
  });

  const last = secret.slice(0, -1);
  it.each([
    ['empty', ''],
    ['cut by a mail client', secret.slice(0, 40)],
    ['longer', `${secret}A`],
    ['padded', `${secret}=`],
    ['upper-cased', secret.toUpperCase()],
    ['with a blank', ` ${secret}`],
    ['rewritten by a scanner', encodeURIComponent(`${secret}&data=05`)],
    ['spelled with spare bits', last + String.fromCharCode(secret.charCodeAt(42) + 1)],
    ['of somebody else', makeLinkToken(Uint8Array.from(BYTES, (byte) => byte ^ 1)).secret],
    ['the hash itself', hash],
  ])('is not taken when it is %s', (_name, offered) => {
    expect(isLinkSecret(offered, hash)).toBe(false);
  });

  it.each(['', 'ab', hash.slice(2), `${hash}00`])(
    'is not taken against a broken row: %j',
    (kept) => {
      expect(isLinkSecret(secret, kept)).toBe(false);
    },
  );

  it('is not made of fewer or more bytes', () => {
    expect(() => makeLinkToken(new Uint8Array(31))).toThrow(/32 random bytes/);
    expect(() => makeLinkToken(new Uint8Array(33))).toThrow(/32 random bytes/);
  });
});

describe('the token against forged posts', () => {
  const token = csrfToken(secret, SUBJECT.approvalId, SUBJECT.digest);

  it('holds for its link, request and digest', () => {
    expect(isCsrfToken(token, secret, SUBJECT)).toBe(true);
  });

  it.each([
    ['none', '', secret, SUBJECT],
    ['a cut one', token.slice(1), secret, SUBJECT],
    ['the secret itself', secret, secret, SUBJECT],
    ['that of another link', token, `${secret.slice(1)}A`, SUBJECT],
    [
      'that of another request',
      token,
      secret,
      { ...SUBJECT, approvalId: 'apr_01K0000000000000000000000B' },
    ],
    ['that of a request as it was', token, secret, { ...SUBJECT, digest: 'cd'.repeat(32) }],
  ])('is refused when it is %s', (_name, offered, own, subject) => {
    expect(isCsrfToken(offered, own, subject)).toBe(false);
  });
});
