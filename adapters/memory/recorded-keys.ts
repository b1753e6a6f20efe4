// SPDX-License-Identifier: Apache-2.0
// Which version a vault key belongs to, as the ledger in memory keeps it.
import type { KeyChange } from '#core/ports/ledger.ts';

type Recorded = NonNullable<KeyChange['recordedKey']>;

export class RecordedKeys {
  readonly #recorded = new Map<string, Recorded>();

  find(keyId: string): { name: string; version: number } | null {
    const found = this.#recorded.get(keyId);
    return found && !found.isGivenBack ? { name: found.name, version: found.version } : null;
  }

  put(recorded: Recorded): void {
    this.#recorded.set(recorded.keyId, structuredClone(recorded));
  }

  mayPut(wanted: Recorded): boolean {
    const recorded = this.#recorded.get(wanted.keyId);
    if (!recorded || recorded.isGivenBack) return true;
    // The newest of the versions that are one vault key.
    if (wanted.name === recorded.name && wanted.version >= recorded.version) return true;
    const { replaces } = wanted;
    return replaces?.name === recorded.name && replaces.version === recorded.version;
  }
}
