// SPDX-License-Identifier: Apache-2.0
// Port of the links that open pages, each of one person: in a mail to one request, or to where a passkey is registered.
import type { Instant } from '../keys/records.ts';

export interface MailLink {
  /** In the link's path: random, and says nothing. */
  readonly id: string;
  /** Hex SHA-256 of the secret behind the `#`, which is kept nowhere. */
  readonly hash: string;
  /** Null: to the page on which its person registers a passkey. */
  readonly approvalId: string | null;
  /** Immutable id of the one person whose link it is. */
  readonly sub: string;
  /** It came in no mail of one's own: by it nothing is decided without the person's own signature. */
  readonly isSignedOnly?: true;
  /** It opens nothing from then on. */
  readonly expiresAt: Instant;
}

export interface MailLinks {
  keep(link: MailLink): Promise<void>;
  find(id: string): Promise<MailLink | null>;
}
