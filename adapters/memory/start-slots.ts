// SPDX-License-Identifier: Apache-2.0
// Hourly starts in memory.
import type { Instant } from '#core/keys/records.ts';
import type { StartSlots } from '#core/ports/start-slots.ts';

export class MemoryStartSlots implements StartSlots {
  readonly #taken = new Map<string, number>();

  async take(className: string, at: Instant, limit: number, count = 1): Promise<boolean> {
    const hour = `${className}#${at.slice(0, 13)}`;
    const taken = this.#taken.get(hour) ?? 0;
    if (taken + count > limit) return false;
    this.#taken.set(hour, taken + count);
    return true;
  }
}
