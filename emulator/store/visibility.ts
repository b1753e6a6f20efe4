// SPDX-License-Identifier: Apache-2.0
// Eventual consistency on demand: a change is committed at once, while readers go on seeing the value before
// it until its instant comes. Held in memory only: after a restart every change is visible.
import type { Clock } from '../clock.ts';

interface Pending {
  readonly before: unknown;
  readonly visibleAt: number;
}

/** Values hidden behind their predecessors, by subject (e.g. `key:ID`) and property. */
export class Visibility {
  readonly #clock: Clock;
  readonly #pending = new Map<string, Map<string, Pending[]>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records that `before` stays visible for this property until the instant. */
  hide(subject: string, property: string, before: unknown, visibleAt: number): void {
    const properties = this.#pending.get(subject) ?? new Map<string, Pending[]>();
    const changes = properties.get(property) ?? [];
    properties.set(property, [...changes, { before, visibleAt }]);
    this.#pending.set(subject, properties);
  }

  /** True when no property of the subject is held back, the usual case. */
  isSettled(subject: string): boolean {
    return this.#pending.size === 0 || !this.#pending.has(subject);
  }

  /** What readers see of a property whose committed value is `current`. */
  seen<Value>(subject: string, property: string, current: Value): Value {
    const properties = this.#pending.get(subject);
    const changes = properties?.get(property);
    if (properties === undefined || changes === undefined) return current;
    const now = this.#clock();
    // The latest change whose time has come decides; changes before it no longer matter.
    const latest = changes.findLastIndex(({ visibleAt }) => visibleAt <= now);
    const waiting = changes.slice(latest + 1);
    const [next] = waiting;
    if (next === undefined) {
      properties.delete(property);
      if (properties.size === 0) this.#pending.delete(subject);
      return current;
    }
    properties.set(property, waiting);
    return next.before as Value;
  }

  /** Subjects with something held back, by the prefix of their name. */
  subjects(prefix: string): string[] {
    return [...this.#pending.keys()].filter((subject) => subject.startsWith(prefix));
  }

  /** Makes everything visible. */
  clear(): void {
    this.#pending.clear();
  }
}
