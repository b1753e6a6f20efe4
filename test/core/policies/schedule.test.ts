// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClassPolicy, dueDates, nextRotationAt } from '#core/policies/classes.ts';
import { isOpen, lastOpening, nextOpening, SchedulePolicy } from '#core/policies/schedule.ts';
import { CLASSES } from '#policies/classes.ts';

const SUNDAYS = { days: ['sun'], from: '02:00', to: '04:00' };
const BERLIN = SchedulePolicy.parse({
  timeZone: 'Europe/Berlin',
  windows: [SUNDAYS],
  freezes: [{ from: '2026-12-20', until: '2027-01-07', reason: 'year end' }],
});
const YEARLY = CLASSES.find(({ name }) => name === 'internal-data') as ClassPolicy;

describe('a schedule', () => {
  it.each([
    ['an unknown time zone', { timeZone: 'Mars/Olympus' }],
    ['a window of no length', { timeZone: 'UTC', windows: [{ ...SUNDAYS, to: '02:00' }] }],
    ['a window without days', { timeZone: 'UTC', windows: [{ ...SUNDAYS, days: [] }] }],
    ['a time that is none', { timeZone: 'UTC', windows: [{ ...SUNDAYS, from: '24:00' }] }],
    [
      '30 February',
      { timeZone: 'UTC', freezes: [{ from: '2027-02-30', until: '2027-03-01', reason: 'x' }] },
    ],
    [
      'a freeze that ends before it begins',
      { timeZone: 'UTC', freezes: [{ from: '2027-02-02', until: '2027-02-01', reason: 'x' }] },
    ],
    ['a limit of none', { timeZone: 'UTC', maxStartsPerHour: 0 }],
    ['an unknown member', { timeZone: 'UTC', window: [] }],
    [
      'a freeze that keeps every window shut for more than a year',
      {
        timeZone: 'UTC',
        windows: [SUNDAYS],
        freezes: [{ from: '2027-01-01', until: '2028-06-01', reason: 'x' }],
      },
    ],
  ])('with %s is refused', (_what, schedule) => {
    expect(SchedulePolicy.safeParse(schedule).success).toBe(false);
  });

  it.each([
    ['in winter time', '2026-11-25T00:00:00.000Z', '2026-11-29T01:00:00.000Z'],
    ['in summer time', '2026-07-01T00:00:00.000Z', '2026-07-05T00:00:00.000Z'],
    [
      'behind the gap of the clock change, for a window that starts in it',
      '2027-03-28T00:00:00.000Z',
      '2027-03-28T01:00:00.000Z',
    ],
    [
      'once in the overlap of the clock change',
      '2026-10-24T12:00:00.000Z',
      '2026-10-25T00:00:00.000Z',
    ],
    ['after a freeze', '2026-12-21T00:00:00.000Z', '2027-01-10T01:00:00.000Z'],
    ['at once inside a window', '2026-11-29T02:15:00.000Z', '2026-11-29T02:15:00.000Z'],
  ])('opens %s', (_when, from, opens) => {
    expect(nextOpening(BERLIN, from)).toBe(opens);
  });

  it('opens for its whole length when a clock change swallows it', () => {
    const gap = SchedulePolicy.parse({
      timeZone: 'Europe/Berlin',
      windows: [{ days: ['sun'], from: '02:00', to: '03:00' }],
    });

    expect(isOpen(gap, '2027-03-28T01:59:59.999Z')).toBe(true);
    expect(isOpen(gap, '2027-03-28T02:00:00.000Z')).toBe(false);
  });

  it('reaches past midnight', () => {
    const night = SchedulePolicy.parse({
      timeZone: 'UTC',
      windows: [{ days: ['sat'], from: '22:00', to: '02:00' }],
    });

    expect(isOpen(night, '2026-11-29T01:59:00.000Z')).toBe(true);
    expect(isOpen(night, '2026-11-29T02:00:00.000Z')).toBe(false);
  });

  it('without windows is open but for its freezes', () => {
    const frozen = SchedulePolicy.parse({
      timeZone: 'Asia/Tokyo',
      freezes: [{ from: '2027-01-01', until: '2027-01-02', reason: 'new year' }],
    });

    expect(isOpen(frozen, '2026-12-31T14:59:59.000Z')).toBe(true);
    expect(nextOpening(frozen, '2026-12-31T15:00:00.000Z')).toBe('2027-01-01T15:00:00.000Z');
  });

  it('is open exactly where the next opening is now', () => {
    const instant = fc.date({
      min: new Date('2026-09-01T00:00:00Z'),
      max: new Date('2027-05-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instant, (date) => {
        const now = date.toISOString();
        const next = nextOpening(BERLIN, now);

        expect(next !== null && isOpen(BERLIN, next)).toBe(true);
        expect(isOpen(BERLIN, now)).toBe(next === now);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a due date', () => {
  it('is never later than the period of the class', () => {
    const policy = { ...YEARLY, schedule: { ...BERLIN, jitterMinutes: 10_080 } };
    const limit = '2027-01-01T00:00:00.000Z';
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), (name) => {
        expect(nextRotationAt(policy, '2026-01-01T00:00:00.000Z', name) <= limit).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('lies in the last window before the end of the period', () => {
    const policy = { ...YEARLY, schedule: BERLIN };

    // 365 days end on 2027-06-04; the Sunday before it begins at 00:00 UTC in summer time.
    expect(nextRotationAt(policy, '2026-06-04T12:00:00.000Z', 'orders')).toBe(
      '2027-05-30T00:00:00.000Z',
    );
    expect(lastOpening(BERLIN, '2026-11-01T00:00:00.000Z', '2026-12-25T10:00:00.000Z')).toBe(
      '2026-12-13T01:00:00.000Z',
    );
  });

  it('stays at the end of the period when no window lies in it', () => {
    const policy = { ...YEARLY, rotationDays: 1, schedule: BERLIN };

    expect(nextRotationAt(policy, '2026-11-24T00:00:00.000Z', 'orders')).toBe(
      '2026-11-25T00:00:00.000Z',
    );
  });

  it('is spread by jitter, the same for one key each time', () => {
    const policy = { ...YEARLY, schedule: { timeZone: 'UTC', jitterMinutes: 1440 } };
    const due = (name: string) => nextRotationAt(policy, '2026-01-01T00:00:00.000Z', name);
    const names = Array.from({ length: 50 }, (_, index) => `key-${index}`);

    expect(new Set(names.map(due)).size).toBeGreaterThan(40);
    expect(names.map(due)).toEqual(names.map(due));
  });

  it('comes with the first notice that is still ahead', () => {
    const policy = { ...YEARLY, noticeDays: [1, 30, 7] };
    const dates = (now: string) =>
      dueDates(policy, 'orders', '2026-01-01T00:00:00.000Z', now).nextNoticeAt;

    expect(dates('2026-01-01T00:00:00.000Z')).toBe('2026-12-02T00:00:00.000Z');
    expect(dates('2026-12-02T00:00:00.000Z')).toBe('2026-12-25T00:00:00.000Z');
    expect(dates('2026-12-31T00:00:00.000Z')).toBeNull();
  });
});
