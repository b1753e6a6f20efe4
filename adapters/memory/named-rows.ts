// SPDX-License-Identifier: Apache-2.0
// Rows below a key, as the ledgers in memory keep them.

/** Rows of a key that have a name each, in the order of their names. */
export class NamedRows<T extends { readonly key: string; readonly name: string }> {
  readonly #rows = new Map<string, T[]>();

  of(key: string): readonly T[] {
    return this.#rows.get(key) ?? [];
  }

  put(row: T): void {
    const others = this.of(row.key).filter((known) => known.name !== row.name);
    this.#rows.set(
      row.key,
      [...others, row].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }
}
