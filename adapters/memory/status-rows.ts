// SPDX-License-Identifier: Apache-2.0
// Entries of the list of stopped keys, in memory.
import type { StatusEntry } from '#core/keys/status.ts';
import type { StatusRows } from '#core/ports/status-list.ts';

export class MemoryStatusRows implements StatusRows {
  readonly #entries = new Map<string, StatusEntry>();

  put(entries: readonly StatusEntry[] = []): void {
    for (const entry of entries) this.#entries.set(`${entry.key}#${entry.version}`, entry);
  }

  async listStatus(): Promise<readonly StatusEntry[]> {
    return [...this.#entries.values()];
  }
}
