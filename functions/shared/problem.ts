// SPDX-License-Identifier: Apache-2.0
// Errors as RFC 9457 problem details. What is not ours becomes a 500 that tells the request id and nothing else.
import { ERRORS } from '#core/contract/errors.ts';
import { KeyturnError } from '#core/errors.ts';
import { logger } from './logging.ts';

export interface ApiResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Headers of every answer: nothing of it may be kept by caches. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

/** Seconds a client should wait before it tries a retryable request again. */
const RETRY_AFTER_SECONDS = '2';

function known(error: unknown): KeyturnError {
  if (error instanceof KeyturnError) return error;
  return new KeyturnError('InternalError', 'something failed on our side; quote the request id', {
    cause: error,
  });
}

/** Renders an error, and logs the ones that are our fault. */
export function problem(error: unknown, requestId: string): ApiResponse {
  const failure = known(error);
  const { status, title, retryable } = ERRORS[failure.code];
  if (status >= 500)
    logger.error('request failed', { requestId, code: failure.code, cause: causes(failure) });
  const operationId = failure.details['operationId'];
  return {
    statusCode: status,
    headers: {
      ...SECURITY_HEADERS,
      'content-type': 'application/problem+json',
      ...(retryable && status !== 409 ? { 'retry-after': RETRY_AFTER_SECONDS } : {}),
    },
    body: JSON.stringify({
      type: `urn:keyturn:problem:${failure.code}`,
      title,
      status,
      detail: failure.message,
      instance: requestId,
      code: failure.code,
      retryable,
      errors: failure.fields,
      ...(typeof operationId === 'string' ? { operationId } : {}),
    }),
  };
}

function causes(error: Error): string[] {
  const cause = error.cause;
  return cause instanceof Error ? [`${cause.name}: ${cause.message}`, ...causes(cause)] : [];
}
