// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  forecast,
  requireRoomForKey,
  requireRoomForVersion,
  versionsKept,
} from '#core/limits/hsm-capacity.ts';
import type { ClassPolicy } from '#core/policies/classes.ts';
import { CLASSES } from '#policies/classes.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const [CRITICAL, , TEST] = CLASSES as [ClassPolicy, ClassPolicy, ClassPolicy];
const HSM = 'hsm1.medium';

describe('what a class keeps', () => {
  it('is the current version and those within the retention', () => {
    expect(versionsKept(CRITICAL)).toBe(1 + 9);
    expect(versionsKept(TEST)).toBe(1 + 7);
    expect(versionsKept({ ...TEST, retentionDays: 0 })).toBe(1);
  });
});

describe('a forecast', () => {
  it('says when a cluster is full at the present cadence', () => {
    const room = forecast(HSM, [{ class: 'test', keys: 100, versions: 300 }], CLASSES, NOW);

    expect(room).toMatchObject({ holds: 3300, versions: 300, free: 3000, isFeasible: true });
    expect(room.classes[0]).toMatchObject({ versionsWhenSteady: 800, versionsPerDay: 100 });
    expect(room.fullAt).toBe('2026-01-31T00:00:00.000Z');
  });

  it('is not feasible when the classes keep more than the cluster holds', () => {
    const room = forecast(HSM, [{ class: 'test', keys: 500, versions: 500 }], CLASSES, NOW);

    expect(room).toMatchObject({ versionsWhenSteady: 4000, isFeasible: false });
  });

  it('says nothing of a day beyond ten years, and nothing of a store without keys', () => {
    const few = [{ class: 'internal-data', keys: 1, versions: 1 }];

    expect(forecast(HSM, few, CLASSES, NOW).fullAt).toBeNull();
    expect(forecast(HSM, [], CLASSES, NOW).fullAt).toBeNull();
  });

  it('takes keys of a class that is gone for as many as they are', () => {
    const room = forecast(HSM, [{ class: 'gone', keys: 2, versions: 9 }], CLASSES, NOW);

    expect(room).toMatchObject({ versionsWhenSteady: 9, fullAt: null });
  });

  it('takes an unknown type of HSM for the smallest', () => {
    expect(forecast('hsm9.large', [], CLASSES, NOW).holds).toBe(3300);
  });
});

describe('one more key', () => {
  const store = (keys: number) => [{ class: 'test', keys, versions: keys }];

  it('is let in up to the last that fits', () => {
    expect(() => requireRoomForKey(HSM, store(411), CLASSES, TEST)).not.toThrow();
  });

  it('is refused with the arithmetic', () => {
    expect(() => requireRoomForKey(HSM, store(412), CLASSES, TEST)).toThrow(
      expect.objectContaining({
        name: 'InfeasiblePolicy',
        message: expect.stringContaining('3296 + 8 = 3304 is more than the 3300 keys'),
        details: { kept: 8, already: 3296, holds: 3300 },
      }),
    );
  });
});

describe('one more version', () => {
  it('is refused when the cluster is full', () => {
    expect(() => requireRoomForVersion(HSM, 3299)).not.toThrow();
    expect(() => requireRoomForVersion(HSM, 3300)).toThrow(/3300 \+ 1 = 3301/);
  });
});
