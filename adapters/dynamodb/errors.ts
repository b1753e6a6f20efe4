// SPDX-License-Identifier: Apache-2.0
// Translates DynamoDB's errors. A failed condition anywhere in a transaction means that the world moved.
import { KeyturnError } from '#core/errors.ts';

const THROTTLES = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);
/** Reasons of a cancelled transaction that say the same (TransactWriteItems API). */
const THROTTLE_REASONS = new Set(['ProvisionedThroughputExceeded', 'ThrottlingError']);
const MOVED = new Set(['ConditionalCheckFailed', 'TransactionConflict']);

function reasonsOf(error: Error): string[] {
  const reasons =
    (error as { CancellationReasons?: { Code?: string }[] }).CancellationReasons ?? [];
  return reasons.map((reason) => reason.Code ?? 'None');
}

/** The domain's error for what DynamoDB threw. */
export function toDomainError(cause: unknown): KeyturnError {
  if (cause instanceof KeyturnError) return cause;
  if (!(cause instanceof Error))
    return new KeyturnError('DependencyUnavailable', 'the table failed', { cause });
  const reasons = reasonsOf(cause);
  if (
    reasons.some((reason) => MOVED.has(reason)) ||
    cause.name === 'TransactionInProgressException'
  ) {
    return new KeyturnError('RevisionConflict', 'the record changed meanwhile; read it again', {
      cause,
    });
  }
  if (THROTTLES.has(cause.name) || reasons.some((reason) => THROTTLE_REASONS.has(reason))) {
    return new KeyturnError('Throttled', 'the table is throttled; try again shortly', { cause });
  }
  return new KeyturnError(
    'DependencyUnavailable',
    `the table refused the request (${cause.name})`,
    { cause },
  );
}
