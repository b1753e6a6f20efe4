// SPDX-License-Identifier: Apache-2.0
// Exit codes: scripts decide by them, so a number never changes its meaning.
import { ArgumentError, ProblemError, UnreachableError } from '../sdk/index.ts';
import { MissingCredentialsError, UsageError } from './failures.ts';

/** Every exit code, with what `keyturn help exit-codes` says of it. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done; without --wait: the operation was started' },
  failed: { code: 1, meaning: 'failed; with --wait: the operation was parked or compensated' },
  usage: { code: 2, meaning: 'wrong arguments, a value the API refuses, or an unknown stage' },
  denied: { code: 3, meaning: 'denied by policy' },
  unauthenticated: { code: 4, meaning: 'not authenticated' },
  notFound: { code: 5, meaning: 'not found' },
  conflict: { code: 6, meaning: 'conflict: taken, busy, or changed since it was read' },
  unavailable: { code: 7, meaning: 'throttled or unavailable; trying again can help' },
  pending: { code: 8, meaning: 'waits for approvals; with --wait: what becomes of it' },
  integrity: {
    code: 9,
    meaning:
      'audit verify found a broken chain, approval verify an approval that does not hold, or revocation list a list that does not',
  },
  interrupted: { code: 130, meaning: 'interrupted; a started operation goes on' },
} as const;

export type Outcome = keyof typeof EXIT_CODES;

const BY_STATUS: Readonly<Record<number, Outcome>> = {
  400: 'usage',
  401: 'unauthenticated',
  403: 'denied',
  404: 'notFound',
  409: 'conflict',
  412: 'conflict',
  413: 'usage',
  415: 'usage',
  422: 'usage',
  428: 'conflict',
  429: 'unavailable',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** Codes whose status alone would say something else. */
const BY_CODE: Readonly<Record<string, Outcome>> = {
  IdempotencyKeyReused: 'conflict',
  ApprovalRequired: 'pending',
};

/** What an error means for the caller. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof ProblemError)
    return BY_CODE[error.code] ?? BY_STATUS[error.status] ?? 'failed';
  if (error instanceof UnreachableError) return error.untrusted ? 'failed' : 'unavailable';
  if (error instanceof UsageError || error instanceof ArgumentError) return 'usage';
  if (error instanceof MissingCredentialsError) return 'unauthenticated';
  return 'failed';
}
