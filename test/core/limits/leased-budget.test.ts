// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MemoryBucketRows } from '#adapters/memory/bucket-rows.ts';
import { VirtualTimer } from '#adapters/memory/virtual-timer.ts';
import { type BudgetSettings, bucketOf, LeasedRateBudget } from '#core/limits/leased-budget.ts';
import type { BudgetRequest } from '#core/ports/rate-budget.ts';

const CREATE: BudgetRequest = { call: 'CreateKey' };
const CRYPTO: BudgetRequest = { call: 'CryptographicInKeyStore', keyStore: 'cks-1', upcoming: 90 };

function scene(settings: Partial<BudgetSettings> = {}) {
  const timer = new VirtualTimer();
  const rows = new MemoryBucketRows();
  const process = () =>
    new LeasedRateBudget(
      { rows, clock: timer, timer },
      { share: 0.5, quotas: {}, patienceMilliseconds: 2000, ...settings },
    );
  return { timer, rows, process, start: timer.milliseconds };
}

describe('the leased rate budget', () => {
  it('lets a first call go at once and spaces the next', async () => {
    const { timer, process, start } = scene();
    const budget = process();
    await timer.run(budget.acquire(CREATE));
    expect(timer.milliseconds).toBe(start);

    await timer.run(budget.acquire(CREATE));
    expect(timer.milliseconds).toBe(start + 400);
  });

  it('sends away who would wait longer than its patience, and says for how long', async () => {
    const { timer, process } = scene();
    const crowd = Array.from({ length: 10 }, () => process().acquire(CREATE));
    const outcomes = await timer.run(Promise.allSettled(crowd));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');

    expect(refused).toHaveLength(4);
    expect(refused[0]?.reason).toMatchObject({
      name: 'Throttled',
      retryable: true,
      details: { call: 'CreateKey', waitMilliseconds: 400 },
    });
  });

  it('lets callers of one process share a lease: ten waiters are one write', async () => {
    const { timer, rows, process, start } = scene({ patienceMilliseconds: 5000 });
    const budget = process();
    await timer.run(Promise.all(Array.from({ length: 10 }, () => budget.acquire(CREATE))));

    expect(rows.writes).toBeLessThanOrEqual(2);
    expect(timer.milliseconds).toBe(start + 9 * 400);
  });

  it('leases blocks for who makes many calls: 9,000 at 900 a second are 100 writes and 10 s', async () => {
    const { timer, rows, process, start } = scene();
    const budget = process();
    const work = async () => {
      for (let call = 0; call < 9000; call += 1) await budget.acquire(CRYPTO);
    };
    await timer.run(work());

    expect(rows.writes).toBe(100);
    // Instants are whole milliseconds, slots are not: at most one millisecond a block is lost.
    expect(timer.milliseconds - start).toBeGreaterThanOrEqual(9998);
    expect(timer.milliseconds - start).toBeLessThan(10_120);
  });

  it('lets slots lapse that were not used in their time, instead of piling calls up', async () => {
    const { timer, process } = scene();
    const budget = process();
    await timer.run(budget.acquire({ ...CREATE, upcoming: 5 }));
    await timer.run(timer.pause(10_000));
    const before = timer.milliseconds;
    await timer.run(Promise.all([budget.acquire(CREATE), budget.acquire(CREATE)]));

    expect(timer.milliseconds).toBe(before + 400);
  });

  it('lets a priority call pass at once while routine calls queue', async () => {
    const { timer, process, start } = scene();
    await timer.run(Promise.allSettled(Array.from({ length: 6 }, () => process().acquire(CREATE))));
    const full = Promise.allSettled(Array.from({ length: 6 }, () => process().acquire(CREATE)));
    const before = timer.milliseconds;
    await timer.run(process().acquire({ ...CREATE, lane: 'priority' }));

    expect(timer.milliseconds).toBe(before);
    expect(before).toBeGreaterThan(start);
    await timer.run(full);
  });

  it('makes everybody wait a second when KMS throttles all the same', async () => {
    const { timer, process, start } = scene();
    await timer.run(process().backOff(CREATE));
    await timer.run(process().acquire(CREATE));

    expect(timer.milliseconds).toBe(start + 1000);
  });

  it('knows a bucket per operation, and per key store for cryptographic calls', () => {
    expect(bucketOf(CREATE)).toBe('CreateKey');
    expect(bucketOf(CRYPTO)).toBe('CryptographicInKeyStore/cks-1');
  });

  it('takes the quota of the account where it has another than the default', async () => {
    const { timer, process, start } = scene({ quotas: { CreateKey: 50 } });
    const budget = process();
    await timer.run(Promise.all([budget.acquire(CREATE), budget.acquire(CREATE)]));

    expect(timer.milliseconds).toBe(start + 40);
  });
});
