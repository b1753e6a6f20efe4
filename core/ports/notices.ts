// SPDX-License-Identifier: Apache-2.0
// Ports of signed notices to consumers: who signs, and who sends.

/** What a signature says besides the body: when, of which event, to whom. It binds a notice to its address. */
export interface NoticeClaims {
  /** Instant as epoch seconds. */
  readonly issuedAt: number;
  readonly eventId: string;
  readonly audience: string;
}

export interface NoticeSigner {
  /** A detached JWS in compact form (RFC 7515, appendix F) over the bytes of the body. */
  sign(claims: NoticeClaims, body: string): Promise<string>;
}

/** What the other side answered: its status, the version that it says it runs, and whether it has emptied its caches. */
export interface NoticeAnswer {
  readonly status: number;
  readonly version: number | null;
  readonly hasPurged?: boolean;
}

export interface NoticeSender {
  /**
   * Posts one notice; redirects are not followed.
   * @throws KeyturnError `DependencyUnavailable` when there was no answer, `NotServedHere` for an address that is not
   *   allowed
   */
  send(url: string, body: string, signature: string): Promise<NoticeAnswer>;
}

export interface SignedPost {
  readonly url: string;
  readonly body: string;
  readonly signature: string;
}

export interface PostBounds {
  readonly timeoutMilliseconds: number;
  readonly maxAnswerBytes: number;
}

export interface PostAnswer {
  readonly status: number;
  /** Null when the answer was larger than allowed. */
  readonly text: string | null;
}

/**
 * Posts a signed body to an address that somebody else named.
 * @throws KeyturnError `NotServedHere` for an address that is not allowed; else what the connection threw
 */
export type PostSigned = (call: SignedPost, bounds: PostBounds) => Promise<PostAnswer>;
