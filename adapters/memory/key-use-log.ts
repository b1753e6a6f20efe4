// SPDX-License-Identifier: Apache-2.0
// The record of key use in memory. It passes the same contract suite as the DynamoDB one.
import type { Instant } from '#core/keys/records.ts';
import type { HourCount, KeyUseLog, MinuteCount, UseCount } from '#core/ports/key-use-log.ts';

const later = (a: Instant | null, b: Instant | null) =>
  a === null || (b !== null && b > a) ? b : a;

export class MemoryKeyUseLog implements KeyUseLog {
  readonly #totals = new Map<string, UseCount>();
  readonly #minutes: MinuteCount[] = [];
  readonly #hours = new Map<string, HourCount>();

  async addHours(counts: readonly HourCount[]): Promise<readonly HourCount[]> {
    return counts.map((count) => {
      const id = `${count.key}#${count.hour}`;
      const calls = count.calls + (this.#hours.get(id)?.calls ?? 0);
      this.#hours.set(id, { ...count, calls });
      return { ...count, calls };
    });
  }

  async readHours(key: string, from: Instant, until: Instant): Promise<readonly HourCount[]> {
    return [...this.#hours.values()]
      .filter((count) => count.key === key && count.hour >= from && count.hour < until)
      .sort((a, b) => (a.hour < b.hour ? -1 : 1));
  }

  async add(uses: readonly UseCount[]): Promise<void> {
    for (const use of uses) {
      const id = `${use.key}#${use.version}#${use.principal}`;
      const known = this.#totals.get(id);
      this.#totals.set(id, {
        ...use,
        encrypts: use.encrypts + (known?.encrypts ?? 0),
        decrypts: use.decrypts + (known?.decrypts ?? 0),
        refusals: use.refusals + (known?.refusals ?? 0),
        lastEncryptAt: later(known?.lastEncryptAt ?? null, use.lastEncryptAt),
        lastDecryptAt: later(known?.lastDecryptAt ?? null, use.lastDecryptAt),
      });
    }
  }

  async addMinutes(counts: readonly MinuteCount[]): Promise<void> {
    this.#minutes.push(...counts);
  }

  async read(key: string): Promise<readonly UseCount[]> {
    return [...this.#totals.values()]
      .filter((use) => use.key === key)
      .sort((a, b) => a.version - b.version || (a.principal < b.principal ? -1 : 1));
  }

  async sumSince(key: string, version: number, since: Instant) {
    const minute = `${since.slice(0, 16)}:00.000Z`;
    const counted = this.#minutes.filter(
      (count) => count.key === key && count.version === version && count.minute >= minute,
    );
    return {
      calls: counted.reduce((sum, { calls }) => sum + calls, 0),
      errors: counted.reduce((sum, { errors }) => sum + errors, 0),
    };
  }
}
