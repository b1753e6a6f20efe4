// SPDX-License-Identifier: Apache-2.0
// Port of the record of key use: totals by version and principal, and counts by minute for what is watched just now.
// Counts are of deliveries, which can repeat: they are upper bounds. Instants are those of the calls.
import type { Instant } from '../keys/records.ts';

/** What is added at once: uses of one version by one principal. */
export interface UseCount {
  readonly key: string;
  readonly version: number;
  readonly principal: string;
  readonly encrypts: number;
  readonly decrypts: number;
  readonly refusals: number;
  /** The last call among them that was allowed to encrypt, to decrypt. */
  readonly lastEncryptAt: Instant | null;
  readonly lastDecryptAt: Instant | null;
}

/** Calls and failures of one version in one minute. */
export interface MinuteCount {
  readonly key: string;
  readonly version: number;
  readonly minute: Instant;
  readonly calls: number;
  readonly errors: number;
}

/** Calls under all versions of a key in one hour; `hour` is its first instant. */
export interface HourCount {
  readonly key: string;
  readonly hour: Instant;
  readonly calls: number;
}

export interface KeyUseLog {
  /** Adds to the hours of keys. @returns the same hours as they are then; they are kept for two weeks */
  addHours(counts: readonly HourCount[]): Promise<readonly HourCount[]>;
  /** Hours of a key in which it was used, from `from` on and before `until`, strongly consistent. */
  readHours(key: string, from: Instant, until: Instant): Promise<readonly HourCount[]>;
  add(uses: readonly UseCount[]): Promise<void>;
  addMinutes(counts: readonly MinuteCount[]): Promise<void>;
  /** All totals of a key, strongly consistent. */
  read(key: string): Promise<readonly UseCount[]>;
  /** Sums of one version's minutes from `since` on, strongly consistent. */
  sumSince(
    key: string,
    version: number,
    since: Instant,
  ): Promise<{ readonly calls: number; readonly errors: number }>;
}
