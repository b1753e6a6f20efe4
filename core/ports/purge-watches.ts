// SPDX-License-Identifier: Apache-2.0
// Watches over consumers of stopped keys, who should say that their caches are empty. A watch begins with the proof of what
// stopped its key, in the same transaction, and is a part of the key's snapshot: whether it still waits is read there.
import type { Instant } from '../keys/records.ts';

/** One for a key: that of the containment that was proven last. */
export interface PurgeWatch {
  readonly key: string;
  /** The containment that it is about. */
  readonly operationId: string;
  /** When the caches should be empty; null: somebody has looked then, and it is over. */
  readonly dueAt: Instant | null;
}

export interface PurgeWatches {
  /** Keys whose watch is due, the longest overdue first. Eventually consistent: whoever acts reads the key again. */
  listDuePurges(before: Instant, limit: number): Promise<readonly string[]>;
}
