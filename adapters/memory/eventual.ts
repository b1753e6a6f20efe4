// SPDX-License-Identifier: Apache-2.0
// A value that readers see late. Lateness is counted in calls of the vault, not in time: tests stay exact.

export class Eventual<T> {
  readonly #history: { readonly from: number; readonly value: T }[] = [];

  constructor(initial: T) {
    this.#history.push({ from: 0, value: initial });
  }

  /** Readers see the value from call number `from` on. */
  set(value: T, from: number): void {
    this.#history.push({ from, value });
  }

  /** What a reader sees at call number `call`. */
  seenAt(call: number): T {
    return (this.#history.findLast((entry) => entry.from <= call) ?? this.#history[0])?.value as T;
  }

  /** What was written last, seen or not. */
  get latest(): T {
    return this.#history.at(-1)?.value as T;
  }
}
