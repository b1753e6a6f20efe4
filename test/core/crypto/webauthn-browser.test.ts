// SPDX-License-Identifier: Apache-2.0
// What a browser answered: recorded once from Chromium 156 with its virtual authenticator, one passkey of each algorithm.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assertionFault, signCountOf } from '#core/crypto/webauthn.ts';
import { registrationFault } from '#core/crypto/webauthn-registration.ts';

const member = z.string().min(1);
const Recorded = z.object({
  rpId: member,
  origin: member,
  challenge: member,
  passkeys: z.array(
    z.object({
      algorithm: z.enum(['ES256', 'EdDSA', 'RS256']),
      credentialId: member,
      publicKey: member,
      registration: z.object({ authenticatorData: member, clientDataJSON: member }),
      assertion: z.object({ authenticatorData: member, clientDataJSON: member, signature: member }),
    }),
  ),
});
const file = new URL('./golden/webauthn-chromium.json', import.meta.url);
const { rpId, origin, passkeys, ...recorded } = Recorded.parse(
  JSON.parse(readFileSync(file, 'utf8')),
);
const challenge = Buffer.from(recorded.challenge, 'base64url');
const site = { rpId, origins: [origin] };

describe('what a browser answered', () => {
  it('is of all three algorithms', () => {
    expect(passkeys.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'EdDSA', 'RS256']);
  });

  it.each(passkeys)('holds: $algorithm', ({ registration, assertion, ...passkey }) => {
    expect(registrationFault({ ...passkey, ...registration }, challenge, site)).toBeNull();
    expect(assertionFault(assertion, challenge, passkey.publicKey, site)).toBeNull();
    expect(signCountOf(assertion)).toBe(2);
  });

  it.each(passkeys)(
    'holds for this passkey and page alone: $algorithm',
    ({ assertion, publicKey, algorithm }) => {
      const other = passkeys.find((one) => one.algorithm !== algorithm)?.publicKey ?? '';
      expect(assertionFault(assertion, challenge, other, site)).not.toBeNull();
      const elsewhere = { rpId, origins: ['http://localhost:1'] };
      expect(assertionFault(assertion, challenge, publicKey, elsewhere)).toContain(
        'another origin',
      );
    },
  );
});
