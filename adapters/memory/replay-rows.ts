// SPDX-License-Identifier: Apache-2.0
// What was taken once, in memory, for tests. It passes the same contract suite as the DynamoDB one.
import type { Instant } from '#core/keys/records.ts';
import type { ReplayMemory } from '#core/ports/replays.ts';

export class MemoryReplayRows implements ReplayMemory {
  readonly #keys = new Set<string>();

  async remember(key: string, _now: Instant, _seconds: number): Promise<boolean> {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }
}
