// SPDX-License-Identifier: Apache-2.0
// When the sweep should look at a key. Both ledgers index by it.
import { awaitsSuccessor } from './containment.ts';
import type { Instant, KeyRecord } from './records.ts';

/** A key that was closed by a revocation rotates by itself only where a successor was asked for with it. */
function rotates(key: KeyRecord): boolean {
  return (
    key.state === 'active' || (awaitsSuccessor(key) && key.dueBecause?.trigger === 'compromise')
  );
}

/** The due date, or the retry date where that is later; null for a key that does not rotate now. */
export function rotationDueAt(key: KeyRecord): Instant | null {
  if (key.lease || !rotates(key) || key.nextRotationAt === null) return null;
  const { retryNotBefore, nextRotationAt } = key;
  return retryNotBefore !== null && retryNotBefore > nextRotationAt
    ? retryNotBefore
    : nextRotationAt;
}

/** The end of the key's lease, else its due date or the notice before it. */
function workDueAt(key: KeyRecord): Instant | null {
  if (key.lease) return key.lease.expiresAt;
  const rotation = rotationDueAt(key);
  if (rotation === null) return null;
  const notice = key.nextNoticeAt ?? null;
  return notice !== null && notice < rotation ? notice : rotation;
}

/** When the sweep has work on the key, or orphans of it to look for; null when there is nothing to do. */
export function dueAt(key: KeyRecord): Instant | null {
  const [first = null] = [workDueAt(key), key.orphanSearch?.nextAt ?? null]
    .filter((instant) => instant !== null)
    .sort();
  return first;
}
