// SPDX-License-Identifier: Apache-2.0
// Hourly starts in memory.
import type { Instant } from '#core/keys/records.ts';
import type { SlotRequest, StartSlots } from '#core/ports/start-slots.ts';

export class MemoryStartSlots implements StartSlots {
  readonly #taken = new Map<string, number>();
  readonly #held = new Set<string>();

  async take(
    className: string,
    at: Instant,
    limit: number,
    { count = 1, holder }: SlotRequest = {},
  ): Promise<boolean> {
    const hour = `${className}#${at.slice(0, 13)}`;
    const held = holder === undefined ? null : `${hour}#${holder}`;
    if (held !== null && this.#held.has(held)) return true;
    const taken = this.#taken.get(hour) ?? 0;
    if (taken + count > limit) return false;
    this.#taken.set(hour, taken + count);
    if (held !== null) this.#held.add(held);
    return true;
  }
}
