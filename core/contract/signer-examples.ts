// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies of passkeys; a part of `examples.ts`.
const PUBLIC_KEY =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIjFzhv9IBmWVXIpa7RVInu9OlgoRpmx6JG7nhhTU-dD0HDc4yBzWnLvy1TztUGGsvZOgvdSpoyqYTMaB9amOhQ';
const CREDENTIAL = 'p2LhP3hHFqhTJ1YtVQpWpUfJxEoYCmkyPE2tT5mO7wE';

const SIGNER = {
  id: 'pky_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  person: 'usr_carol',
  name: 'carol',
  label: 'blue key',
  credentialId: CREDENTIAL,
  publicKey: PUBLIC_KEY,
  rpId: 'keyturn.example.com',
  signCount: 7,
  transports: ['usb', 'nfc'],
  approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  enrolledAt: '2026-11-22T10:00:00.000Z',
  lastUsedAt: '2026-11-22T11:00:00.000Z',
  removedAt: null,
  removedBy: null,
  isActive: true,
};

const REGISTRATION = {
  label: SIGNER.label,
  credentialId: CREDENTIAL,
  authenticatorData: 'SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFAAAAAA',
  clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0',
  publicKey: PUBLIC_KEY,
  transports: ['usb', 'nfc'],
};
const SECRET = 'uC1mZ3Vv0oQ8yq0mC8y6f0F3c2n4m1b7k9s5t2x8w0E';

export const SIGNER_EXAMPLES = {
  SignerId: SIGNER.id,
  Signer: SIGNER,
  SignerPage: { items: [SIGNER], nextCursor: null },
  EnrollSignerRequest: REGISTRATION,
  SignerLink: {
    path: `/v1/passkeys/Zm9vYmFyYmF6cXV4MTIzNA#${SECRET}`,
    expiresAt: '2026-11-22T10:15:00.000Z',
    rpId: SIGNER.rpId,
    origins: ['https://keyturn.example.com'],
  },
  EnrollPageRequest: {
    do: 'register',
    secret: SECRET,
    csrf: 'Jm1c0eYw2n5r8u1x4z7A0D3G6J9M2P5S8V1Y4b7e0hI',
    registration: REGISTRATION,
  },
  EnrollPageAnswer: {
    approvalId: SIGNER.approvalId,
    detail: 'Two others decide whether it may sign your votes.',
  },
} as const;
