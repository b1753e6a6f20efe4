// SPDX-License-Identifier: Apache-2.0
// Port of the limits on how many rotations begin in one clock hour.
import type { Instant } from '../keys/records.ts';

export interface SlotRequest {
  /** How many at once, all or none; 1 when not given. */
  readonly count?: number;
  /** Who takes them, such as the claim of a request; whoever holds some of this hour has them already, and takes no more. */
  readonly holder?: string;
}

export interface StartSlots {
  /**
   * Takes one of `limit` starts of the hour that `at` lies in. A slot that is taken and then not used stays taken:
   * the limit is on the safe side.
   * @returns false when the hour has not as many left.
   */
  take(className: string, at: Instant, limit: number, request?: SlotRequest): Promise<boolean>;
}
