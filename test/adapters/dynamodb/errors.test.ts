// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { toDomainError } from '#adapters/dynamodb/errors.ts';
import { KeyturnError } from '#core/errors.ts';

const cancelled = (...codes: string[]) =>
  Object.assign(new Error('cancelled'), {
    name: 'TransactionCanceledException',
    CancellationReasons: codes.map((Code) => ({ Code })),
  });
const named = (name: string) => Object.assign(new Error(name), { name });

describe('an error of DynamoDB', () => {
  it.each([
    [cancelled('None', 'ConditionalCheckFailed'), 'RevisionConflict'],
    [cancelled('TransactionConflict'), 'RevisionConflict'],
    [cancelled('ThrottlingError', 'ConditionalCheckFailed'), 'RevisionConflict'],
    [named('TransactionInProgressException'), 'RevisionConflict'],
    [cancelled('ThrottlingError'), 'Throttled'],
    [cancelled('ProvisionedThroughputExceeded'), 'Throttled'],
    [named('ThrottlingException'), 'Throttled'],
    [named('ProvisionedThroughputExceededException'), 'Throttled'],
    [named('RequestLimitExceeded'), 'Throttled'],
    [cancelled('ValidationError'), 'DependencyUnavailable'],
    [named('ResourceNotFoundException'), 'DependencyUnavailable'],
    [named('AccessDeniedException'), 'DependencyUnavailable'],
    ['not an error', 'DependencyUnavailable'],
  ])('is translated and kept as the cause: %s to %s', (cause, code) => {
    expect(toDomainError(cause)).toMatchObject({ code, cause });
  });

  it('that is ours already stays as it is', () => {
    const ours = new KeyturnError('KeyNotFound', 'x');

    expect(toDomainError(ours)).toBe(ours);
  });
});
