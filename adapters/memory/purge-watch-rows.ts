// SPDX-License-Identifier: Apache-2.0
// Watches over consumers of stopped keys, in memory.
import type { PurgeWatch, PurgeWatches } from '#core/ports/purge-watches.ts';
import { dueNames } from './due-names.ts';

export class MemoryPurgeWatchRows implements PurgeWatches {
  readonly #watches = new Map<string, PurgeWatch>();

  /** Writes one with the change of its key. */
  put(watch: PurgeWatch | undefined): void {
    if (watch) this.#watches.set(watch.key, structuredClone(watch));
  }

  of(key: string): PurgeWatch | null {
    return this.#watches.get(key) ?? null;
  }

  async listDuePurges(before: string, limit: number): Promise<readonly string[]> {
    return dueNames(this.#watches.values(), ({ key }) => key, before, limit);
  }
}
