// SPDX-License-Identifier: Apache-2.0
// The one error class of the domain. `name` equals `code` and is a literal, so Step Functions can match it.
import { ERRORS, type ErrorCode, type FieldError } from './contract/errors.ts';

/** Options of a {@link KeyturnError}: ids and states only, never key material, tokens or raw input. */
export interface KeyturnErrorOptions {
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
  readonly fields?: readonly FieldError[];
  readonly cause?: unknown;
}

/** An error whose `name` is one of the contract's literals. The message says what, why and what to do next. */
export class KeyturnError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
  readonly fields: readonly FieldError[];

  constructor(code: ErrorCode, message: string, options: KeyturnErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code;
    this.code = code;
    this.retryable = ERRORS[code].retryable;
    this.details = options.details ?? {};
    this.fields = options.fields ?? [];
  }
}

/** True for a {@link KeyturnError} with one of the given names. */
export function isError(error: unknown, ...codes: readonly ErrorCode[]): error is KeyturnError {
  return error instanceof KeyturnError && codes.includes(error.code);
}

/**
 * Asserts what must hold at this point.
 * @throws KeyturnError `InternalError` with the sentence when it does not hold.
 */
export function precondition(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new KeyturnError('InternalError', sentence);
}

/** Makes a switch exhaustive at compile time. */
export function assertNever(value: never): never {
  throw new KeyturnError('InternalError', `unexpected value ${JSON.stringify(value)}`);
}
