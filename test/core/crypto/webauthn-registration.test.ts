// SPDX-License-Identifier: Apache-2.0
// Registrations of passkeys, made by an authenticator that shares no code with what judges them.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Registration, registrationFault } from '#core/crypto/webauthn-registration.ts';
import { type Asked, SITE, SoftwarePasskey } from '#test/support/passkey.ts';

const challenge = randomBytes(32);
const key = new SoftwarePasskey();
const faultOf = (registration: Registration) => registrationFault(registration, challenge, SITE);
const made = (asked: Partial<Asked>) => faultOf(key.create({ challenge, ...asked }));

describe('a registration', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('of an %s key holds', (algorithm) => {
    expect(faultOf(new SoftwarePasskey(algorithm).create({ challenge }))).toBeNull();
  });

  it('holds with extensions behind the key, and not without their flag', () => {
    const tail = new Uint8Array([0xa0]);
    expect(made({ flags: 0xc5, tail })).toBeNull();
    expect(made({ tail })).toBe('its credential has another public key');
  });

  it.each<[string, Partial<Asked>, string]>([
    ['another challenge', { challenge: randomBytes(32) }, 'challenge'],
    ['a vote', { type: 'webauthn.get' }, 'webauthn.create'],
    ['another page', { origin: 'https://evil.example' }, 'another origin'],
    ['another domain', { rpId: 'evil.example' }, 'another domain'],
    ['a frame', { crossOrigin: true }, 'frame'],
    ['nobody verified', { flags: 0x41 }, 'did not verify'],
    ['nobody present', { flags: 0x44 }, 'nobody was present'],
    ['no credential', { flags: 0x05 }, 'holds no credential'],
  ])('for %s does not hold', (_name, asked, text) => {
    expect(made(asked)).toContain(text);
  });

  it('does not hold with another id or public key than in the data of the authenticator', () => {
    const registration = key.create({ challenge });
    const other = new SoftwarePasskey();
    expect(faultOf({ ...registration, credentialId: other.credentialId })).toContain('another id');
    expect(faultOf({ ...registration, publicKey: other.publicKey })).toContain('public key');
    for (const algorithm of ['EdDSA', 'RS256'] as const) {
      const { publicKey } = new SoftwarePasskey(algorithm);
      expect(faultOf({ ...registration, publicKey })).toContain('public key');
    }
  });

  it.each(['ES256', 'EdDSA', 'RS256'] as const)(
    'of an %s key holds with no byte of its credential changed or missing',
    (algorithm) => {
      const registration = new SoftwarePasskey(algorithm).create({ challenge });
      const bytes = Buffer.from(registration.authenticatorData, 'base64url');
      // The counter and the model are anything: nobody vouches for them.
      const free = (at: number) => at >= 33 && at < 53;
      for (let at = 0; at < bytes.length; at += 1) {
        const bent = Buffer.from(bytes);
        bent[at] = (bent[at] ?? 0) ^ 0x45;
        const authenticatorData = bent.toString('base64url');
        const fault = faultOf({ ...registration, authenticatorData });
        if (!free(at)) expect(fault, `byte ${at}`).not.toBeNull();
        const cut = bytes.subarray(0, at).toString('base64url');
        expect(faultOf({ ...registration, authenticatorData: cut })).not.toBeNull();
      }
    },
  );
});
