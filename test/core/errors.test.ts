// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { assertNever, isError, KeyturnError, precondition } from '#core/errors.ts';

describe('an error of Keyturn', () => {
  it('is named by its literal code, and knows from the contract whether to try again', () => {
    const cause = new TypeError('x');
    const error = new KeyturnError('Throttled', 'slow down', { details: { key: 'orders' }, cause });

    expect(error).toMatchObject({
      name: 'Throttled',
      code: 'Throttled',
      retryable: true,
      details: { key: 'orders' },
      fields: [],
      cause,
    });
    expect(new KeyturnError('KeyNotFound', 'none').retryable).toBe(false);
    expect('cause' in new KeyturnError('KeyNotFound', 'none')).toBe(false);
  });

  it('is told from others by its code', () => {
    expect(isError(new KeyturnError('Throttled', ''), 'AccessDenied', 'Throttled')).toBe(true);
    expect(isError(new KeyturnError('Throttled', ''), 'AccessDenied')).toBe(false);
    expect(isError(Object.assign(new Error(''), { code: 'Throttled' }), 'Throttled')).toBe(false);
  });
});

describe('what must hold', () => {
  it('is told by its sentence when it does not', () => {
    expect(() => precondition(1 > 0, 'one is more than none')).not.toThrow();
    expect(() => precondition('', 'there is a text')).toThrow(
      expect.objectContaining({ name: 'InternalError', message: 'there is a text' }),
    );
  });

  it('names the value that a switch does not know', () => {
    expect(() => assertNever('sideways' as never)).toThrow('unexpected value "sideways"');
  });
});
