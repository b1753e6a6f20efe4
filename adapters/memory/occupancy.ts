// SPDX-License-Identifier: Apache-2.0
// Counts of keys and versions by key store and class.
import type { KeyChange, Occupancy } from '#core/ports/ledger.ts';

export class MemoryOccupancy {
  readonly #stores = new Map<string, Map<string, Occupancy>>();

  read(keyStore: string): readonly Occupancy[] {
    const classes = [...(this.#stores.get(keyStore)?.values() ?? [])];
    return classes.sort((a, b) => (a.class < b.class ? -1 : 1));
  }

  count({ keyStore, class: name, keys, versions }: NonNullable<KeyChange['occupancy']>): void {
    const classes = this.#stores.get(keyStore) ?? new Map<string, Occupancy>();
    const known = classes.get(name) ?? { keys: 0, versions: 0 };
    const next = { class: name, keys: known.keys + keys, versions: known.versions + versions };
    this.#stores.set(keyStore, classes.set(name, next));
  }
}
