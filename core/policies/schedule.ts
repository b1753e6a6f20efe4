// SPDX-License-Identifier: Apache-2.0
// When rotations that nobody asked for may start: maintenance windows in a time zone, freezes, jitter and a limit per
// hour. A person who asks for a rotation is not bound by it. Zoned arithmetic is Temporal's: a window whose start
// falls into the gap of a clock change opens once, behind the gap; one that falls into the overlap opens once.
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import type { Instant } from '../keys/records.ts';

const DAY_MS = 86_400_000;
/** A window that does not open in this time never opens: a year, leap day included, and its longest freeze. */
const HORIZON_DAYS = 400;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

function isTimeZone(name: string): boolean {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId !== '';
  } catch {
    return false;
  }
}

function isDate(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() === text;
  } catch {
    return false;
  }
}

const localTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');
// `abort`: what comes behind computes with it.
const localDate = z
  .string()
  .refine(isDate, { error: 'must be a date that exists, YYYY-MM-DD', abort: true });

const Window = z
  .strictObject({ days: z.array(z.enum(WEEKDAYS)).min(1), from: localTime, to: localTime })
  .refine(
    ({ from, to }) => from !== to,
    'from and to must differ; without windows it is always open',
  );

const Freeze = z
  .strictObject({ from: localDate, until: localDate, reason: z.string().min(1).max(200) })
  .refine(({ from, until }) => from < until, 'until is the first day after the freeze');

const Shape = z.strictObject({
  /** IANA name; windows and freezes are in its local time. */
  timeZone: z
    .string()
    .refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Berlin', abort: true }),
  /** Local times of weekdays; `to` before `from` is on the next day. None: always open. */
  windows: z.array(Window).max(50).optional(),
  /** Whole local days without scheduled rotations; `until` is the first day after it. */
  freezes: z.array(Freeze).max(50).optional(),
  /** Spreads due dates that would fall together: each key is due up to so many minutes early. */
  jitterMinutes: z.int().min(0).max(10_080).optional(),
  /** Scheduled and event-triggered starts of the class in one clock hour. */
  maxStartsPerHour: z.int().min(1).max(100_000).optional(),
});

/** Windows come every week, so only freezes can keep them shut: behind the start of each, one must open. */
export const SchedulePolicy = Shape.refine(
  (schedule) =>
    (schedule.freezes ?? []).every(
      ({ from }) => nextOpening(schedule, `${from}T00:00:00.000Z`) !== null,
    ),
  `no window opens within ${HORIZON_DAYS} days; check windows against freezes`,
);
export type SchedulePolicy = z.infer<typeof Shape>;

/** A time span in epoch milliseconds; the end is not part of it. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const epoch = (zone: string, date: Temporal.PlainDate, time: string) =>
  date.toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) })
    .epochMilliseconds;

function localDay(zone: string, at: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
}

/** Spans that open on one local day, before freezes are taken out. */
function windowsOf({ timeZone, windows }: SchedulePolicy, day: Temporal.PlainDate): Span[] {
  if (!windows || windows.length === 0) {
    return [
      { start: epoch(timeZone, day, '00:00'), end: epoch(timeZone, day.add({ days: 1 }), '00:00') },
    ];
  }
  const weekday = WEEKDAYS[day.dayOfWeek - 1];
  return windows
    .filter(({ days }) => weekday !== undefined && days.includes(weekday))
    .map(({ from, to }) => {
      const start = epoch(timeZone, day, from);
      const end = epoch(timeZone, to > from ? day : day.add({ days: 1 }), to);
      // A window that lies in the gap of a clock change whole opens behind it for as long as it would have.
      return { start, end: end > start ? end : start + wallClockMs(from, to) };
    });
}

function wallClockMs(from: string, to: string): number {
  const length = Temporal.PlainTime.from(from).until(Temporal.PlainTime.from(to));
  return length.total('milliseconds');
}

/** Days between the openings of two windows that follow each other, at most; 0 where it is always open. */
export function daysBetweenWindows({ windows = [] }: SchedulePolicy): number {
  const days = WEEKDAYS.flatMap((day, index) =>
    windows.some((window) => window.days.includes(day)) ? [index] : [],
  );
  const gaps = days.map((day, index) => (days[index + 1] ?? (days[0] ?? 0) + 7) - day);
  return Math.max(0, ...gaps);
}

/** What is left of spans when a freeze is taken out. */
function without(spans: readonly Span[], freeze: Span): Span[] {
  return spans
    .flatMap(({ start, end }) => [
      { start, end: Math.min(end, freeze.start) },
      { start: Math.max(start, freeze.end), end },
    ])
    .filter(({ start, end }) => start < end);
}

function openSpans(schedule: SchedulePolicy, day: Temporal.PlainDate): Span[] {
  const { timeZone, freezes = [] } = schedule;
  const frozen = freezes.map(({ from, until }) => ({
    start: epoch(timeZone, Temporal.PlainDate.from(from), '00:00'),
    end: epoch(timeZone, Temporal.PlainDate.from(until), '00:00'),
  }));
  return frozen
    .reduce((spans, freeze) => without(spans, freeze), windowsOf(schedule, day))
    .sort((a, b) => a.start - b.start);
}

/** Local days from the one before `at`, whose last window may reach into it, `step` days apart. */
function* daysFrom(zone: string, at: number, step: 1 | -1, count: number) {
  const first = localDay(zone, at).add({ days: -step });
  for (let index = 0; index <= count + 1; index += 1) yield first.add({ days: index * step });
}

/**
 * The first instant from `from` on at which scheduled rotations may start.
 * @returns null when none comes within {@link HORIZON_DAYS} days
 */
export function nextOpening(schedule: SchedulePolicy, from: Instant): Instant | null {
  const at = Date.parse(from);
  for (const day of daysFrom(schedule.timeZone, at, 1, HORIZON_DAYS)) {
    const span = openSpans(schedule, day).find(({ end }) => end > at);
    if (span) return new Date(Math.max(span.start, at)).toISOString();
  }
  return null;
}

/** True when scheduled rotations may start at `now`. */
export function isOpen(schedule: SchedulePolicy, now: Instant): boolean {
  const at = Date.parse(now);
  const today = localDay(schedule.timeZone, at);
  // Yesterday's last window may reach into today.
  return [today.subtract({ days: 1 }), today].some((day) =>
    openSpans(schedule, day).some(({ start, end }) => start <= at && at < end),
  );
}

/**
 * The last instant not behind `limit` that lies in a window; windows are looked for back to `notBefore`.
 * @returns `limit` itself where nothing opens in between: late is worse than outside the window, and the sweep then
 *   waits for the next opening anyway.
 */
export function lastOpening(schedule: SchedulePolicy, notBefore: Instant, limit: Instant): Instant {
  const [earliest, at] = [Date.parse(notBefore), Date.parse(limit)];
  const days = Math.ceil((at - earliest) / DAY_MS);
  for (const day of daysFrom(schedule.timeZone, at, -1, days)) {
    const span = openSpans(schedule, day).findLast(({ start }) => start <= at);
    // The whole window behind its start is left for the sweep to find the key due.
    if (span && span.start >= earliest)
      return new Date(span.end > at ? at : span.start).toISOString();
  }
  return limit;
}
