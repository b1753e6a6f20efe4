// SPDX-License-Identifier: Apache-2.0
// Port of the limits on how many rotations begin in one clock hour.
import type { Instant } from '../keys/records.ts';

export interface StartSlots {
  /**
   * Takes one of `limit` starts of the hour that `at` lies in. A slot that is taken and then not used stays taken:
   * the limit is on the safe side.
   * @returns false when the hour has none left.
   */
  take(className: string, at: Instant, limit: number): Promise<boolean>;
}
