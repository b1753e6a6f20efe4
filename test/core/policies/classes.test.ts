// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ClassPolicy, nextRotationAt } from '#core/policies/classes.ts';
import { CLASSES } from '#policies/classes.ts';

const byName = (name: string) => CLASSES.find((policy) => policy.name === name) as ClassPolicy;

describe('the seeded classes', () => {
  it.each([
    { name: 'payment-critical', days: 90, due: '2026-04-01T00:00:00.000Z', quorum: '3 of 5' },
    { name: 'internal-data', days: 365, due: '2027-01-01T00:00:00.000Z', quorum: '2 of 3' },
    { name: 'test', days: 1, due: '2026-01-02T00:00:00.000Z', quorum: '2 of 3' },
  ])('$name rotates after $days days under $quorum', ({ name, due, quorum }) => {
    const policy = byName(name);

    expect(nextRotationAt(policy, '2026-01-01T00:00:00.000Z', 'orders')).toBe(due);
    expect(`${policy.quorum.required} of ${policy.quorum.of}`).toBe(quorum);
  });

  it('are valid by their own schema', () => {
    expect(CLASSES.map((policy) => ClassPolicy.safeParse(policy).success)).toEqual([
      true,
      true,
      true,
    ]);
  });
});

const TWO_DAYS = { windowSeconds: 172_800, onDeadline: 'abort' };

describe('a class', () => {
  const valid = byName('test');

  it.each([
    ['no required vote', { ...valid, quorum: { required: 0, of: 3 } }],
    ['more required votes than voters', { ...valid, quorum: { required: 4, of: 3 } }],
    ['no voters', { ...valid, quorum: { required: 1, of: 0 } }],
    ['no rotation period', { ...valid, rotationDays: 0 }],
    ['a period longer than ten years', { ...valid, rotationDays: 3651 }],
    ['a negative retention', { ...valid, retentionDays: -1 }],
    ['a fractional period', { ...valid, rotationDays: 1.5 }],
    ['an unknown member', { ...valid, rotatoinDays: 2 }],
    [
      'material that is due from its first day on',
      { ...valid, importedMaterial: { validDays: 7 } },
    ],
    [
      'material that does not outlive a rotation',
      { ...valid, importedMaterial: { validDays: 8 }, acknowledgement: TWO_DAYS },
    ],
    ['a name with a slash', { ...valid, name: 'a/b' }],
  ])('with %s is refused', (_what, policy) => {
    expect(ClassPolicy.safeParse(policy).success).toBe(false);
  });

  it('shows the arithmetic where material would not live long enough, and takes what does', () => {
    const short = ClassPolicy.safeParse({ ...valid, importedMaterial: { validDays: 5 } });
    expect(short.error?.issues[0]?.message).toBe(
      'material lives 5 d and is replaced 7 d before its end, so every -2 d: let it live longer',
    );
    expect(ClassPolicy.safeParse({ ...valid, importedMaterial: { validDays: 30 } }).success).toBe(
      true,
    );
  });
});
