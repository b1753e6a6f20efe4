// SPDX-License-Identifier: Apache-2.0
// Time that passes only while everybody waits: pauses end in the order of their instants, so a run of hours takes
// milliseconds and is the same each time.
import type { Instant } from '#core/keys/records.ts';
import type { Clock } from '#core/ports/platform.ts';
import type { Pause } from '#core/ports/rate-budget.ts';

export class VirtualTimer implements Clock, Pause {
  #milliseconds = Date.parse('2026-01-01T00:00:00.000Z');
  #order = 0;
  #sleepers: { at: number; order: number; wake: () => void }[] = [];

  get milliseconds(): number {
    return this.#milliseconds;
  }

  now(): Instant {
    return new Date(this.#milliseconds).toISOString();
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      // Whole milliseconds, never early: an instant holds no fraction.
      const at = this.#milliseconds + Math.ceil(milliseconds);
      this.#order += 1;
      this.#sleepers.push({ at, order: this.#order, wake });
      this.#siftUp(this.#sleepers.length - 1);
    });
  }

  /** Lets time pass until the work is done. @throws Error when it waits for something that is no pause */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const watched = work.finally(() => {
      isDone = true;
    });
    watched.catch(() => {});
    for (;;) {
      // All that can run without time passing runs first.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return watched;
      const next = this.#takeFirst();
      if (!next) throw new Error('the work waits for something other than time');
      this.#milliseconds = Math.max(this.#milliseconds, next.at);
      next.wake();
    }
  }

  #takeFirst() {
    const [first] = this.#sleepers;
    const last = this.#sleepers.pop();
    if (first && last && this.#sleepers.length > 0) {
      this.#sleepers[0] = last;
      this.#siftDown();
    }
    return first;
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#sleepers[a], this.#sleepers[b]];
    if (!left || !right) return left !== undefined;
    return left.at === right.at ? left.order < right.order : left.at < right.at;
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#sleepers[a], this.#sleepers[b]];
    if (left && right) [this.#sleepers[a], this.#sleepers[b]] = [right, left];
  }

  #siftUp(from: number): void {
    for (let child = from; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #siftDown(): void {
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (child >= this.#sleepers.length || !this.#isBefore(child, parent)) return;
      this.#swap(child, parent);
      parent = child;
    }
  }
}
