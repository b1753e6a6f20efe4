// SPDX-License-Identifier: Apache-2.0
// A model of AWS's own limits: how long rotations of many keys take within the configured share of KMS's quotas, how
// many calls KMS would throttle, and how long an emergency waits in the middle of it. The rate budget is the real
// one; time is virtual, and KMS is a bucket per operation that holds and refills its quota.
import { MemoryBucketRows } from '#adapters/memory/bucket-rows.ts';
import { VirtualTimer } from '#adapters/memory/virtual-timer.ts';
import { KMS_QUOTAS, type KmsCall } from '#core/contract/kms-quotas.ts';
import { isError } from '#core/errors.ts';
import { LeasedRateBudget } from '#core/limits/leased-budget.ts';
import { inOrder } from '#core/operations/in-order.ts';
import type { BudgetRequest, Lane } from '#core/ports/rate-budget.ts';
import type { Report } from './report.ts';

const SHARE = 0.5;
/** What one rotation calls of the operations with small quotas, in order. */
const ROTATION: readonly KmsCall[] = [
  'CreateKey',
  'TagResource',
  'CreateAlias',
  'PutKeyPolicy',
  'UpdateAlias',
  'PutKeyPolicy',
];
/** Rotations in flight: more than the slowest quota feeds, as the sweep's batches are. */
const IN_FLIGHT = 40;
/** Of a KMS call, about. */
const CALL_MILLISECONDS = 30;
/** A function waits so long for a slot; then its workflow waits, with full jitter between none and this. */
const PATIENCE_MILLISECONDS = 2000;
const RETRY_MILLISECONDS = 4000;
const WORKERS = 16;
const PAGE = 100;

/** KMS's quotas as buckets, and what it refused. */
class ModelledKms {
  readonly #timer: VirtualTimer;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  calls = 0;
  throttled = 0;

  constructor(timer: VirtualTimer) {
    this.#timer = timer;
  }

  call(name: KmsCall): void {
    const quota = KMS_QUOTAS[name];
    const now = this.#timer.milliseconds;
    const bucket = this.#buckets.get(name) ?? { tokens: quota, at: now };
    const tokens = Math.min(quota, bucket.tokens + ((now - bucket.at) * quota) / 1000);
    this.calls += 1;
    if (tokens < 1) this.throttled += 1;
    this.#buckets.set(name, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
  }
}

/** The same numbers in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

class Model {
  readonly timer = new VirtualTimer();
  readonly kms = new ModelledKms(this.timer);
  readonly rows = new MemoryBucketRows();
  readonly #random = seeded(7);

  budget(): LeasedRateBudget {
    return new LeasedRateBudget(
      { rows: this.rows, clock: this.timer, timer: this.timer },
      { share: SHARE, quotas: {}, patienceMilliseconds: PATIENCE_MILLISECONDS },
    );
  }

  /** One call as a function and its workflow make it. @returns milliseconds until it could be made */
  async call(budget: LeasedRateBudget, request: BudgetRequest): Promise<number> {
    const begun = this.timer.milliseconds;
    for (;;) {
      try {
        await budget.acquire(request);
        break;
      } catch (error) {
        if (!isError(error, 'Throttled')) throw error;
        await this.timer.pause(this.#random() * RETRY_MILLISECONDS);
      }
    }
    const waited = this.timer.milliseconds - begun;
    this.kms.call(request.call);
    return waited;
  }

  /** One rotation. @returns the longest wait of its calls */
  async rotate(lane: Lane): Promise<number> {
    let longest = 0;
    // Each step is a function of its own: nothing leased is carried over.
    for (const call of ROTATION) {
      longest = Math.max(longest, await this.call(this.budget(), { call, lane }));
      await this.timer.pause(CALL_MILLISECONDS);
    }
    return longest;
  }
}

async function measureSweep(report: Report, keys: number): Promise<void> {
  const model = new Model();
  const start = model.timer.milliseconds;
  let left = keys;
  const seat = async () => {
    while (left > 0) {
      left -= 1;
      await model.rotate('routine');
    }
  };
  const floor = keys / (KMS_QUOTAS.CreateKey * SHARE);
  let emergency = 0;
  const inTheMiddle = async () => {
    await model.timer.pause((floor / 2) * 1000);
    emergency = await model.rotate('priority');
  };
  await model.timer.run(Promise.all([inTheMiddle(), ...Array.from({ length: IN_FLIGHT }, seat)]));
  const seconds = (model.timer.milliseconds - start) / 1000;
  const name = `limits-model.${keys}-keys`;
  report.beside(`${name}.seconds`, seconds, 's', floor);
  report.value(`${name}.share-used`, (100 * floor) / seconds, '%');
  report.value(`${name}.throttled-calls`, (100 * model.kms.throttled) / model.kms.calls, '%');
  report.value(`${name}.emergency-wait`, emergency / 1000, 's');
  report.value(`${name}.budget-writes-per-rotation`, model.rows.writes / keys, 'writes');
}

async function measureReencryption(report: Report, items: number): Promise<void> {
  const model = new Model();
  const start = model.timer.milliseconds;
  let left = items;
  const request = { call: 'CryptographicInKeyStore', keyStore: 'cks-1', upcoming: PAGE } as const;
  const worker = async () => {
    const budget = model.budget();
    while (left > 0) {
      const page = Math.min(PAGE, left);
      left -= page;
      for (let item = 0; item < page; item += 1) await model.call(budget, request);
    }
  };
  await model.timer.run(Promise.all(Array.from({ length: WORKERS }, worker)));
  const seconds = (model.timer.milliseconds - start) / 1000;
  const floor = items / (KMS_QUOTAS.CryptographicInKeyStore * SHARE);
  const name = `limits-model.reencrypt-${items}-items`;
  report.beside(`${name}.seconds`, seconds, 's', floor);
  report.value(`${name}.throttled-calls`, (100 * model.kms.throttled) / model.kms.calls, '%');
  report.value(`${name}.budget-writes-per-1000`, (1000 * model.rows.writes) / items, 'writes');
}

/** Denying a key and starting its workflow, besides the call of KMS; and from one part of the sweep to the next. */
const DENIAL_MILLISECONDS = 80;
const BETWEEN_PARTS_MILLISECONDS = 400;
const CONTAINMENT = { page: 300, milliseconds: 18_000, atOnce: 8 };

/** The containment of a scope as `sweep-scope.ts` does it, in the middle of a sweep of rotations. */
async function measureIncident(report: Report, call: 'DisableKey' | 'PutKeyPolicy', keys: number) {
  const model = new Model();
  const rotations = Array.from({ length: IN_FLIGHT }, () => model.rotate('routine'));
  let done = 0;
  let throttled = 0;
  const contain = async (budget: LeasedRateBudget) => {
    await model.timer.pause(DENIAL_MILLISECONDS);
    // What KMS throttles, or what waits too long, is the workflow's of that key.
    await budget.acquire({ call, lane: 'incident' }).catch(() => undefined);
    const before = model.kms.throttled;
    model.kms.call(call);
    throttled += model.kms.throttled - before;
    await model.timer.pause(CALL_MILLISECONDS);
  };
  const incident = async () => {
    const began = model.timer.milliseconds;
    while (done < keys) {
      const until = model.timer.milliseconds + CONTAINMENT.milliseconds;
      const page = Array.from({ length: Math.min(CONTAINMENT.page, keys - done) });
      const budget = model.budget();
      const isInTime = () => model.timer.milliseconds < until;
      for await (const _ of inOrder(page, CONTAINMENT.atOnce, isInTime, () => contain(budget)))
        done += 1;
      await model.timer.pause(BETWEEN_PARTS_MILLISECONDS);
    }
    return (model.timer.milliseconds - began) / 1000;
  };
  const [seconds] = await model.timer.run(Promise.all([incident(), ...rotations]));
  const floor = keys / KMS_QUOTAS[call];
  const name = `limits-model.incident-${keys}-keys.${call}`;
  report.beside(`${name}.seconds`, seconds, 's', floor);
  report.value(`${name}.of-aws-floor`, (100 * floor) / seconds, '%');
  report.value(`${name}.throttled-calls`, (100 * throttled) / keys, '%');
}

/** Rows `limits-model.*`; nothing is started for them. */
export async function measureLimits(report: Report): Promise<void> {
  await measureIncident(report, 'DisableKey', 10_000);
  await measureIncident(report, 'PutKeyPolicy', 10_000);
  await measureSweep(report, 10_000);
  await measureSweep(report, 100_000);
  await measureReencryption(report, 1_000_000);
}
