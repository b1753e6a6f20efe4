// SPDX-License-Identifier: Apache-2.0
// Port of the limits on how many rotations begin in one clock hour.
import type { Instant } from '../keys/records.ts';

export interface StartSlots {
  /**
   * Takes one of `limit` starts of the hour that `at` lies in. A slot that is taken and then not used stays taken:
   * the limit is on the safe side.
   * @param count how many at once, all or none; 1 when not given
   * @returns false when the hour has not as many left.
   */
  take(className: string, at: Instant, limit: number, count?: number): Promise<boolean>;
}
