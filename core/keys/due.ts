// SPDX-License-Identifier: Apache-2.0
// When the sweep should look at a key. Both ledgers index by it.
import type { Instant, KeyRecord } from './records.ts';

/** The end of the key's lease, else its due date or the later retry date; null when there is nothing to do. */
export function dueAt(key: KeyRecord): Instant | null {
  if (key.lease) return key.lease.expiresAt;
  if (key.state !== 'active' || key.nextRotationAt === null) return null;
  const { retryNotBefore, nextRotationAt } = key;
  return retryNotBefore !== null && retryNotBefore > nextRotationAt
    ? retryNotBefore
    : nextRotationAt;
}
