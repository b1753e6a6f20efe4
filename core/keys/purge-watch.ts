// SPDX-License-Identifier: Apache-2.0
// Who of a stopped key is waited for. An AWS service (`aws-service`) is not: it has no endpoint that could answer, and nobody
// can empty what it holds; that ends when its resource is detached or re-encrypted. Consumers without a webhook are:
// their people can say it, and somebody has to ask them.
import type { KeySnapshot } from '../ports/ledger.ts';
import type { PurgeWatch } from '../ports/purge-watches.ts';
import { answering, CACHE_SECONDS, containmentOf, stopOf } from './consumers.ts';
import type { Instant } from './records.ts';

/** The watch of what holds now; null: nothing does, it has begun already, or nobody is waited for. */
function watchOf(snapshot: KeySnapshot): PurgeWatch | null {
  const holding = containmentOf(snapshot);
  if (!holding || snapshot.purgeWatch?.operationId === holding.operationId) return null;
  const { operationId, at } = holding;
  const isAwaited = answering(snapshot.consumers).some(
    (consumer) => stopOf(consumer, snapshot, at)?.purgedAt === null,
  );
  const dueAt = new Date(Date.parse(at) + CACHE_SECONDS * 1000).toISOString();
  return isAwaited ? { key: snapshot.key.name, operationId, dueAt } : null;
}

/**
 * The watch that begins when what holds now is proven. A suspension is proven twice when a version is revoked while it
 * is being lifted; its watch begins once.
 * @param snapshot as it is before the proof is recorded
 */
export function firstWatch(snapshot: KeySnapshot): PurgeWatch | null {
  return containmentOf(snapshot)?.confirmedAt === null ? watchOf(snapshot) : null;
}

/**
 * The watch that replaces the one that was looked at: of a version that was revoked while its key was suspended, and
 * holds alone now that the suspension is lifted. What is not proven yet begins a watch of its own when it is.
 */
export function nextWatch(snapshot: KeySnapshot): PurgeWatch | null {
  return containmentOf(snapshot)?.confirmedAt === null ? null : watchOf(snapshot);
}

/**
 * The watch that begins when a suspension is lifted whose own watch has ended: of a version that was revoked meanwhile. A
 * watch that is still open is replaced when it is looked at.
 * @param lifted the key, and the versions that change with it, as the lift leaves them
 */
export function watchAfterLift(
  snapshot: KeySnapshot,
  { key, versions }: Pick<KeySnapshot, 'key' | 'versions'>,
): PurgeWatch | null {
  const isOpen = (snapshot.purgeWatch?.dueAt ?? null) !== null;
  const changed = new Map(versions.map((version) => [version.version, version]));
  const after = snapshot.versions.map((version) => changed.get(version.version) ?? version);
  return isOpen ? null : nextWatch({ ...snapshot, key, versions: after });
}

/** Names of those who have not said by now that their caches are empty, although they should be. */
export function laggards(snapshot: KeySnapshot, now: Instant): readonly string[] {
  return answering(snapshot.consumers)
    .filter((consumer) => stopOf(consumer, snapshot, now)?.isLagging)
    .map(({ name }) => name);
}
