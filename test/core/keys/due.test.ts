// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { dueAt } from '#core/keys/due.ts';
import { aKey } from '#test/support/records.ts';

const EARLY = '2026-02-01T00:00:00.000Z';
const LATE = '2026-03-01T00:00:00.000Z';

describe('dueAt', () => {
  it('is the rotation date of an active key', () => {
    expect(dueAt(aKey({ nextRotationAt: EARLY }))).toBe(EARLY);
  });

  it('is the retry date when that is later than the rotation date', () => {
    expect(dueAt(aKey({ nextRotationAt: EARLY, retryNotBefore: LATE }))).toBe(LATE);
  });

  it('is the rotation date when the retry date has passed before it', () => {
    expect(dueAt(aKey({ nextRotationAt: LATE, retryNotBefore: EARLY }))).toBe(LATE);
  });

  it('is the end of the lease while an operation holds the key', () => {
    const lease = { operationId: 'op_1', fence: 1, expiresAt: LATE };

    expect(dueAt(aKey({ nextRotationAt: EARLY, lease }))).toBe(LATE);
  });

  it.each(['pre-activation', 'suspended', 'deactivated', 'compromised', 'destroyed'] as const)(
    'is nothing for a key that is %s',
    (state) => {
      expect(dueAt(aKey({ state, nextRotationAt: EARLY }))).toBeNull();
    },
  );

  it('is nothing for a key without a rotation date', () => {
    expect(dueAt(aKey({ nextRotationAt: null }))).toBeNull();
  });
});
