// SPDX-License-Identifier: Apache-2.0
// Port of what was taken once and must not be taken again.
import type { Instant } from '../keys/records.ts';

export interface ReplayMemory {
  /**
   * Remembers a key for `seconds` from `now` at least.
   * @returns false when it was remembered before
   */
  remember(key: string, now: Instant, seconds: number): Promise<boolean>;
}
