// SPDX-License-Identifier: Apache-2.0
// The one error of the local stack whose message is meant for the person at the terminal: it says what is wrong
// and what to do, and is printed without a stack trace.

/** A problem the user can solve. */
export class LocalStackError extends Error {
  override readonly name = 'LocalStackError';
}

/** The text to show for anything thrown. */
export function describe(error: unknown): string {
  if (error instanceof LocalStackError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
