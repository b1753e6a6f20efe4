// SPDX-License-Identifier: Apache-2.0
// Assertions of passkeys, made by an authenticator that shares no code with what judges them.
import { type createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type Assertion,
  assertionFault,
  passkeyPublicKey,
  signCountOf,
} from '#core/crypto/webauthn.ts';
import { type Asked, SITE, SoftwarePasskey } from '#test/support/passkey.ts';

const challenge = randomBytes(32);
const key = new SoftwarePasskey();
const faultOf = (assertion: Assertion, of = key, site = SITE) =>
  assertionFault(assertion, challenge, of.publicKey, site);
const made = (asked: Partial<Asked>) => faultOf(key.get({ challenge, ...asked }));

describe('an assertion', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('of an %s key holds', (algorithm) => {
    const one = new SoftwarePasskey(algorithm);
    const assertion = one.get({ challenge });

    expect(faultOf(assertion, one)).toBeNull();
    expect(faultOf(assertion, new SoftwarePasskey(algorithm))).toBe('it does not fit the passkey');
    expect(signCountOf(assertion)).toBe(1);
    expect(signCountOf(one.get({ challenge }))).toBe(2);
  });

  it.each(['ES256', 'EdDSA', 'RS256'] as const)(
    'of an %s key holds with no bit of it changed',
    (algorithm) => {
      const one = new SoftwarePasskey(algorithm);
      const assertion = one.get({ challenge });
      for (const member of ['authenticatorData', 'clientDataJSON', 'signature'] as const) {
        const bytes = Buffer.from(assertion[member], 'base64url');
        for (let at = 0; at < bytes.length; at += 1)
          for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
            const bent = Buffer.from(bytes);
            bent[at] = (bent[at] ?? 0) ^ bit;
            const fault = faultOf({ ...assertion, [member]: bent.toString('base64url') }, one);
            expect(fault, `${member}, byte ${at}, bit ${bit}`).not.toBeNull();
          }
        for (const text of [
          '',
          `${assertion[member]}=`,
          `${assertion[member]}A`,
          assertion[member].slice(0, -4),
          `${assertion[member]}!`,
        ])
          expect(faultOf({ ...assertion, [member]: text }, one)).not.toBeNull();
      }
    },
  );

  it.each<[string, Partial<Asked>, string]>([
    ['another challenge', { challenge: randomBytes(32) }, 'its challenge is another one'],
    ['a page elsewhere', { origin: 'https://keyturn.example.net' }, 'another origin'],
    ['a page below', { origin: 'https://evil.keyturn.example' }, 'another origin'],
    ['a page without TLS', { origin: 'http://keyturn.example' }, 'another origin'],
    ['another port', { origin: 'https://keyturn.example:8443' }, 'another origin'],
    ['another domain', { rpId: 'example' }, 'another domain'],
    ['a registration', { type: 'webauthn.create' }, 'not made by webauthn.get'],
    ['a payment', { type: 'payment.get' }, 'not made by webauthn.get'],
    ['a frame', { crossOrigin: true }, 'frame'],
    ['a frame by its top', { more: { topOrigin: 'https://evil.example' } }, 'frame'],
    ['a frame by something odd', { more: { crossOrigin: 'false' } }, 'frame'],
    ['nobody present', { flags: 0x04 }, 'nobody was present'],
    ['nobody verified', { flags: 0x01 }, 'did not verify the person'],
    ['a copy that may not be', { flags: 0x15 }, 'backup flags'],
    ['a new credential', { flags: 0x45 }, 'holds a credential'],
    ['extensions that are not there', { flags: 0x85 }, 'wrong length'],
    ['bytes behind its end', { tail: new Uint8Array([0xa0]) }, 'wrong length'],
  ])('for %s does not hold', (_name, asked, text) => {
    expect(made(asked)).toContain(text);
  });

  it('holds with extensions, with a passkey that is backed up, and with members that browsers add', () => {
    expect(made({ flags: 0x85, tail: new Uint8Array([0xa0]) })).toBeNull();
    expect(made({ flags: 0x1d })).toBeNull();
    expect(made({ more: { other_keys_can_be_added_here: 'as browsers do' } })).toBeNull();
  });

  it('does not hold with client data that is no object, and with a page that is not on the list', () => {
    const assertion = key.get({ challenge });
    for (const text of ['null', '"webauthn.get"', '{', '[]', '\uFEFF{}'])
      expect(
        faultOf({ ...assertion, clientDataJSON: Buffer.from(text).toString('base64url') }),
      ).not.toBeNull();
    expect(faultOf(assertion, key, { ...SITE, origins: [] })).toContain('another origin');
  });
});

describe('the public key of a passkey', () => {
  const spki = (made: { publicKey: ReturnType<typeof createPublicKey> }) =>
    made.publicKey.export({ format: 'der', type: 'spki' }).toString('base64url');

  it('is P-256, Ed25519 or RSA of 2,048 bits, in its usual form', () => {
    for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const)
      expect(passkeyPublicKey(new SoftwarePasskey(algorithm).publicKey).type).toBe('public');
    for (const other of [
      generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('x25519'),
      generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
    ])
      expect(() => passkeyPublicKey(spki(other))).toThrow('none of P-256');
    expect(() => passkeyPublicKey('AAAA')).toThrow('not understood');
    const whole = Buffer.from(key.publicKey, 'base64url');
    const longer = Buffer.concat([whole, Buffer.from([0])]).toString('base64url');
    expect(() => passkeyPublicKey(longer)).toThrow();
  });
});
