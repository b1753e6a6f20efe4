// SPDX-License-Identifier: Apache-2.0
// Slow answers: every call of an operation, or of all, waits before it is carried out.
import { z } from 'zod';
import { drawMilliseconds, generator, SecondsRange } from './seeded.ts';

/** A rule as it is posted; `operation` is a name like `Encrypt`, or `*`. It replaces the one before. */
export const LatencyRequest = z.strictObject({
  operation: z.string().min(1).default('*'),
  seconds: z.union([
    z
      .number()
      .min(0)
      .max(60)
      .transform((seconds): [number, number] => [seconds, seconds]),
    SecondsRange,
  ]),
  seed: z.int().default(1),
});

type Rule = z.infer<typeof LatencyRequest>;

/** The latency of operations. */
export class Latency {
  readonly #rules = new Map<string, { readonly rule: Rule; readonly random: () => number }>();

  /** Sets the latency of an operation. */
  set(rule: Rule): void {
    this.#rules.set(rule.operation, { rule, random: generator(rule.seed) });
  }

  /** Ends all of it. */
  clear(): void {
    this.#rules.clear();
  }

  /** How long the next call of this operation waits; its own rule goes before that of `*`. */
  next(operation: string): number {
    if (this.#rules.size === 0) return 0;
    const found = this.#rules.get(operation) ?? this.#rules.get('*');
    return found === undefined ? 0 : drawMilliseconds(found.rule.seconds, found.random);
  }

  /** What is set. */
  describe(): Rule[] {
    return [...this.#rules.values()].map(({ rule }) => rule);
  }
}
