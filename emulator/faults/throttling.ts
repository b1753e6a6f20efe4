// SPDX-License-Identifier: Apache-2.0
// Throttling: a token bucket for each of AWS's request quotas, and one for each custom key store. A bucket
// holds one second's calls (at least one), so a burst of that size passes.
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { AwsError } from '../protocol/errors.ts';
import { awsRate, KEY_STORE_RATE, quotaOf } from './request-rates.ts';

/** The switch as it is posted. `share` is the part of AWS's quota left to this caller. */
export const ThrottlingRequest = z.strictObject({
  profile: z.enum(['aws', 'off']).default('off'),
  share: z.number().positive().max(1).default(1),
  rates: z.record(z.string(), z.number().positive()).default({}),
});

type Request = z.infer<typeof ThrottlingRequest>;

interface Bucket {
  readonly rate: number;
  tokens: number;
  filledAt: number;
}

const OFF: Request = { profile: 'off', share: 1, rates: {} };

/** The quotas in force. */
export class Throttling {
  readonly #region: string;
  readonly #clock: Clock;
  #request = OFF;
  #isOn = false;
  readonly #buckets = new Map<string, Bucket>();

  constructor(region: string, clock: Clock) {
    this.#region = region;
    this.#clock = clock;
  }

  /** Sets the quotas; every bucket begins full. */
  set(request: Request): void {
    this.#request = request;
    this.#isOn = request.profile === 'aws' || Object.keys(request.rates).length > 0;
    this.#buckets.clear();
  }

  /** Ends throttling. */
  clear(): void {
    this.set(OFF);
  }

  /** What is set. */
  describe(): Request {
    return this.#request;
  }

  /** Counts one call. @throws AwsError ThrottlingException */
  admit(operation: string): void {
    if (!this.#isOn) return;
    const own = this.#rateSet(operation);
    const name = own === undefined ? quotaOf(operation) : operation;
    const rate = own ?? this.#rateSet(name) ?? this.#rateOfAws(name);
    if (rate !== undefined) this.#take(name, rate);
  }

  /** Counts one cryptographic call on a key of a custom key store. @throws AwsError ThrottlingException */
  admitToKeyStore(keyStoreId: string): void {
    if (!this.#isOn) return;
    const set = this.#rateSet('CustomKeyStore');
    if (set === undefined && this.#request.profile !== 'aws') return;
    this.#take(`store:${keyStoreId}`, set ?? KEY_STORE_RATE * this.#request.share);
  }

  #rateOfAws(quota: string): number | undefined {
    if (this.#request.profile !== 'aws') return undefined;
    const rate = awsRate(quota, this.#region);
    return rate === undefined ? undefined : rate * this.#request.share;
  }

  #rateSet(name: string): number | undefined {
    return Object.hasOwn(this.#request.rates, name) ? this.#request.rates[name] : undefined;
  }

  #take(name: string, rate: number): void {
    const now = this.#clock();
    const size = Math.max(1, rate);
    const bucket = this.#buckets.get(name) ?? { rate, tokens: size, filledAt: now };
    const elapsedSeconds = Math.max(0, now - bucket.filledAt) / 1000;
    bucket.tokens = Math.min(size, bucket.tokens + elapsedSeconds * rate);
    bucket.filledAt = now;
    this.#buckets.set(name, bucket);
    if (bucket.tokens < 1) throw new AwsError('ThrottlingException', 'Rate exceeded');
    bucket.tokens -= 1;
  }
}
