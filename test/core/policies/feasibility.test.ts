// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ClassPolicy } from '#core/policies/classes.ts';
import { periodFault } from '#core/policies/feasibility.ts';
import { checkClasses } from '#policies/check-classes.ts';
import { CLASSES } from '#policies/classes.ts';

const TEST = CLASSES.find(({ name }) => name === 'test') as ClassPolicy;
const DAY = 86_400;
const acknowledgement = (windowSeconds: number, extensions?: number) => ({
  windowSeconds,
  onDeadline: extensions === undefined ? ('abort' as const) : ('extend' as const),
  maxExtensions: extensions ?? 0,
});

describe('the periods of a class', () => {
  it.each([
    ['a window as long as the period', { acknowledgement: acknowledgement(DAY) }],
    ['extensions that go beyond it', { acknowledgement: acknowledgement(DAY / 4, 3) }],
    ['a jitter as long as the period', { schedule: { timeZone: 'UTC', jitterMinutes: 1440 } }],
    ['no word on consumers and a day as the period', { acknowledgement: undefined }],
    [
      'windows further apart than the period',
      {
        schedule: {
          timeZone: 'UTC',
          windows: [{ days: ['mon' as const, 'thu' as const], from: '02:00', to: '04:00' }],
        },
      },
    ],
  ])('are refused with %s', (_what, patch) => {
    const parsed = ClassPolicy.safeParse({ ...TEST, ...patch });

    expect(parsed.error?.issues.map(({ path }) => path)).toEqual([['rotationDays']]);
  });

  it('are refused with the sum shown', () => {
    const policy = { ...TEST, acknowledgement: acknowledgement(DAY / 2, 1) };

    expect(periodFault(policy, { settleSeconds: 300, bakeSeconds: 900 })).toBe(
      'a rotation takes up to 300 s settling + 2 x 43200 s for acknowledgements + 900 s baking + 0 s jitter = 87600 s, and is due every 1 d = 86400 s: rotate less often or wait less',
    );
  });

  it('can fit without the waits of a stage and not with them', () => {
    const policy = { ...TEST, acknowledgement: acknowledgement(DAY - 600) };

    expect(ClassPolicy.safeParse(policy).success).toBe(true);
    expect(periodFault(policy, { settleSeconds: 300, bakeSeconds: 300 })).not.toBeNull();
    expect(periodFault(policy, { settleSeconds: 300, bakeSeconds: 299 })).toBeNull();
  });
});

describe('a deployment', () => {
  it('takes the seeded classes with the waits of AWS', () => {
    expect(() => checkClasses({ settleSeconds: 300, bakeSeconds: 900 })).not.toThrow();
  });

  it('is refused with the name of every class that its waits do not let be kept', () => {
    expect(() => checkClasses({ settleSeconds: 300, bakeSeconds: 7_600_000 })).toThrow(
      /^InfeasiblePolicy: class payment-critical: .* = 7776000 s.*\n*class test: .*86400 s/s,
    );
    expect(() =>
      checkClasses({ settleSeconds: 0, bakeSeconds: 0 }, [{ ...TEST, rotationDays: 0 }]),
    ).toThrow(/class test: rotationDays/);
  });
});
