// SPDX-License-Identifier: Apache-2.0
// What a call can throw: the API refused (ProblemError), nobody answered (UnreachableError), or what answered does
// not speak the contract (AnswerError). Messages never hold tokens or bodies that were sent.
import type { z } from 'zod';
import type { Problem } from '#core/contract/api.ts';

export type ProblemBody = z.output<typeof Problem>;

/** The API refused. `problem` is its RFC 9457 body, or one made from a refusal of API Gateway itself. */
export class ProblemError extends Error {
  readonly problem: ProblemBody;
  /** The body as it came. */
  readonly text: string;
  readonly requestId: string | null;
  /** Seconds from `Retry-After`. */
  readonly retryAfterSeconds: number | null;

  constructor(
    problem: ProblemBody,
    answer: { text: string; requestId: string | null; retryAfterSeconds: number | null },
  ) {
    super(`${problem.title}: ${problem.detail}`);
    this.name = 'ProblemError';
    this.problem = problem;
    this.text = answer.text;
    this.requestId = answer.requestId;
    this.retryAfterSeconds = answer.retryAfterSeconds;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }

  get retryable(): boolean {
    return this.problem.retryable;
  }
}

/** Error codes of OpenSSL and Node that mean: somebody answered, but is not trusted. */
const TRUST_CODES =
  /^(CERT_|ERR_TLS_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_SSL_|EPROTO|HOSTNAME_MISMATCH)/;

function rootCause(error: Error): Error & { code?: string } {
  // Node tries IPv4 and IPv6 and reports both failures in one error without a text.
  const inner = error instanceof AggregateError ? error.errors[0] : undefined;
  return inner instanceof Error ? inner : error;
}

/** Nobody answered: no connection, a broken one, no trust, or no answer in time. */
export class UnreachableError extends Error {
  readonly origin: string;
  /** True when the other side answered and its certificate was refused: trying again does not help. */
  readonly untrusted: boolean;

  constructor(url: string, cause: Error) {
    const { origin } = new URL(url);
    const root = rootCause(cause);
    super(`${origin} cannot be reached: ${root.message || root.code || 'no reason given'}`, {
      cause,
    });
    this.name = 'UnreachableError';
    this.origin = origin;
    this.untrusted = TRUST_CODES.test(root.code ?? '');
  }
}

/** An argument that cannot be sent, such as an empty name. */
export class ArgumentError extends RangeError {
  constructor(message: string) {
    super(message);
    this.name = 'ArgumentError';
  }
}

/** The answer does not keep to the contract; `pointers` names the members at fault (RFC 6901). */
export class AnswerError extends Error {
  readonly pointers: readonly string[];

  constructor(message: string, pointers: readonly string[] = []) {
    super(message);
    this.name = 'AnswerError';
    this.pointers = pointers;
  }
}
