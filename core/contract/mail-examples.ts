// SPDX-License-Identifier: Apache-2.0
// Examples of what the page of a mail posts and is answered; a part of `examples.ts`.
const SECRET = 'uC1mZ3Vv0oQ8yq0mC8y6f0F3c2n4m1b7k9s5t2x8w0E';
const DIGEST = '3b0c6f1d9a52be40d7a8c4e1f09b7263d54a8e0c1f72b95d36e4a70c8b1f2d9e';

export const MAIL_EXAMPLES = {
  MailPageRequest: {
    do: 'vote',
    secret: SECRET,
    csrf: 'Jm1c0eYw2n5r8u1x4z7A0D3G6J9M2P5S8V1Y4b7e0hI',
    digest: DIGEST,
    decision: 'approve',
  },
  MailPageAnswer: { detail: 'Your vote is recorded: 1 of 2 approvals.' },
} as const;
