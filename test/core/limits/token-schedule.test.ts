// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalOf, reserve } from '#core/limits/token-schedule.ts';
import type { BucketState, Lane } from '#core/ports/rate-budget.ts';

const RATES = { quota: 5, share: 0.5 };
const UNUSED: BucketState = { routineUntil: 0, priorityUntil: 0 };
const NOW = 1_000_000;
const routine = (count = 1, horizon = 2000) => ({ lane: 'routine' as const, count, horizon });
const priority = (count = 1, horizon = 2000) => ({ lane: 'priority' as const, count, horizon });

describe('the schedule of a bucket', () => {
  it('spreads the share of the quota evenly: 2.5 a second are 400 ms apart', () => {
    expect(intervalOf(RATES, 'routine')).toBe(400);
    expect(intervalOf({ quota: 5, share: 0.2 }, 'priority')).toBe(250);
  });

  it('gives the first slot of an idle bucket at once, and the next behind it', () => {
    const first = reserve(UNUSED, RATES, routine(), NOW);
    if (!first.lease) throw new Error('refused');
    const second = reserve(first.next, RATES, routine(), NOW);

    expect(first.lease).toEqual({ from: NOW, every: 400, count: 1 });
    expect(second.lease).toEqual({ from: NOW + 400, every: 400, count: 1 });
  });

  it('saves nothing up while it is idle, so that no burst follows', () => {
    const state = { routineUntil: NOW - 60_000, priorityUntil: 0 };

    expect(reserve(state, RATES, routine(), NOW).lease?.from).toBe(NOW);
  });

  it('leases a block that ends at the horizon, however many are wanted', () => {
    expect(reserve(UNUSED, RATES, routine(100), NOW).lease?.count).toBe(6);
    expect(reserve(UNUSED, RATES, routine(3), NOW).lease?.count).toBe(3);
  });

  it('refuses what lies beyond the horizon, and says for how long', () => {
    const state = { routineUntil: NOW + 5000, priorityUntil: 0 };

    expect(reserve(state, RATES, routine(), NOW)).toEqual({ lease: null, waitMilliseconds: 3000 });
  });

  it('lets the priority lane pass a full routine lane, and charges it to the routine lane', () => {
    const state = { routineUntil: NOW + 5000, priorityUntil: 0 };
    const reserved = reserve(state, RATES, priority(), NOW);
    if (!reserved.lease) throw new Error('refused');

    expect(reserved.lease.from).toBe(NOW);
    expect(reserved.next).toEqual({ routineUntil: NOW + 5400, priorityUntil: NOW + 400 });
  });

  it('gives an incident nearly the whole quota, and holds the routine lane back meanwhile', () => {
    const every = 1000 / 4.9;
    const incident = { lane: 'incident' as const, count: 1, horizon: 2000 };
    const first = reserve(UNUSED, RATES, incident, NOW);
    if (!first.lease) throw new Error('refused');
    const second = reserve(first.next, RATES, incident, NOW);
    if (!second.lease) throw new Error('refused');

    expect(first.lease).toEqual({ from: NOW, every, count: 1 });
    expect(second.lease.from).toBeCloseTo(NOW + every, 6);
    expect(reserve(second.next, RATES, routine(), NOW).lease?.from).toBeCloseTo(NOW + 2 * every, 6);
    // One key that has to be stopped beside it comes behind what was given out, and no further.
    expect(reserve(second.next, RATES, priority(), NOW).lease?.from).toBeCloseTo(
      NOW + 2 * every,
      6,
    );
  });

  it('gives an incident and single emergencies together no more than the quota', () => {
    let state = UNUSED;
    const slots: number[] = [];
    for (let at = 0; at < 10_000; at += 100)
      for (const lane of ['incident', 'priority'] as const) {
        const { lease, ...rest } = reserve(
          state,
          RATES,
          { lane, count: 1, horizon: 2000 },
          NOW + at,
        );
        if (lease) slots.push(lease.from);
        if ('next' in rest) state = rest.next;
      }
    slots.sort((a, b) => a - b);
    expect(slots.length).toBeGreaterThan(20);
    expect(
      slots.every((slot, index) => (slots[index + 6] ?? Number.POSITIVE_INFINITY) > slot + 1000),
    ).toBe(true);
  });

  it('never gives out more than the quota in any second, whoever asks for what and when', () => {
    const ask = fc.record({
      lane: fc.constantFrom<Lane>('routine', 'priority'),
      count: fc.integer({ min: 1, max: 20 }),
      after: fc.integer({ min: 0, max: 1500 }),
    });
    const rates = fc.record({
      quota: fc.constantFrom(5, 15, 1800),
      share: fc.double({ min: 0.05, max: 0.8, noNaN: true }),
    });
    const property = fc.property(rates, fc.array(ask, { maxLength: 60 }), (rate, asks) => {
      let state = UNUSED;
      let now = NOW;
      const slots: number[] = [];
      for (const { lane, count, after } of asks) {
        now += after;
        const reserved = reserve(state, rate, { lane, count, horizon: 2000 }, now);
        if (!reserved.lease) continue;
        state = reserved.next;
        const { from, every } = reserved.lease;
        for (let slot = 0; slot < reserved.lease.count; slot += 1) slots.push(from + slot * every);
      }
      slots.sort((a, b) => a - b);
      // A window of a second holds both of its ends' slots at most: hence the two more.
      return slots.every(
        (slot, index) => (slots[index + rate.quota + 2] ?? Number.POSITIVE_INFINITY) > slot + 1000,
      );
    });

    fc.assert(property, { numRuns: 300 });
  });
});
