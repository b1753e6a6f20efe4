// SPDX-License-Identifier: Apache-2.0
// Links of mails in a world, kept as `notify-approvers` keeps them.
import { makeLinkToken } from '#adapters/mail/link-token.ts';
import type { World } from './world.ts';

export interface Link {
  readonly id: string;
  readonly secret: string;
}

let counter = 0;

/** A new link of a person to a request; without an id, to the page on which a passkey is made. */
export async function linkOf(
  world: World,
  user: string,
  approval: { readonly id: string | null },
): Promise<Link> {
  counter += 1;
  const bytes = Uint8Array.from({ length: 32 }, (_, at) => counter * 31 + at * 7);
  const { secret, hash } = makeLinkToken(bytes);
  const id = Buffer.alloc(16, counter).toString('base64url');
  await world.notices.keep({
    id,
    hash,
    approvalId: approval.id,
    sub: `usr_${user}`,
    expiresAt: '2026-01-03T00:00:00.000Z',
  });
  return { id, secret };
}
