// SPDX-License-Identifier: Apache-2.0
// Translates what a source answers: somebody else wrote the item, or the source cannot be reached now.
import { KeyturnError } from '#core/errors.ts';

/** The condition of a replacement did not hold: DynamoDB, S3 (412, and 409 for a write at the same moment). */
const CHANGED = new Set([
  'ConditionalCheckFailedException',
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'NoSuchKey',
  'NotFound',
]);
const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'ThrottlingException',
]);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'Forbidden']);

const nameOf = (error: unknown) => (error instanceof Error ? error.name : 'unknown');

/** The domain's error for what a source threw. */
function toDomainError(source: string, cause: unknown): KeyturnError {
  if (cause instanceof KeyturnError) return cause;
  const name = nameOf(cause);
  if (THROTTLED.has(name)) {
    return new KeyturnError('Throttled', `source ${source} throttles; the run goes on shortly`, {
      cause,
    });
  }
  const cure = DENIED.has(name)
    ? 'the role "reencrypt" may not use it: name it in the setting "reencryption.sources"'
    : 'the run goes on with its next attempt';
  return new KeyturnError('SourceUnavailable', `source ${source} refused (${name}); ${cure}`, {
    cause,
  });
}

/** Runs a call of a source with its errors translated. @throws KeyturnError `Throttled`, `SourceUnavailable` */
export async function asking<T>(source: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toDomainError(source, error);
  }
}

/** True when the write was made, false when the item is no longer what was read. @throws KeyturnError as {@link asking} */
export async function replacing(source: string, call: () => Promise<unknown>): Promise<boolean> {
  return asking(source, async () => {
    try {
      await call();
      return true;
    } catch (error) {
      if (CHANGED.has(nameOf(error))) return false;
      throw error;
    }
  });
}
