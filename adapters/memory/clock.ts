// SPDX-License-Identifier: Apache-2.0
// Time that moves only when it is told to.
import type { Instant } from '#core/keys/records.ts';
import type { Clock } from '#core/ports/platform.ts';

export class MemoryClock implements Clock {
  #milliseconds: number;

  constructor(start: Instant = '2026-01-01T00:00:00.000Z') {
    this.#milliseconds = Date.parse(start);
  }

  now(): Instant {
    return new Date(this.#milliseconds).toISOString();
  }

  advance(seconds: number): void {
    this.#milliseconds += seconds * 1000;
  }
}
