// SPDX-License-Identifier: Apache-2.0
// Eventual consistency as one switch: what a call changes is committed at once, and readers and authorization
// see it after a delay. Or only what the operations named change.
import { z } from 'zod';
import { hasDelayedEffect } from './delayed-effects.ts';
import { drawMilliseconds, generator, SecondsRange } from './seeded.ts';

/** The switch as it is posted. */
export const ConsistencyRequest = z.strictObject({
  delaySeconds: SecondsRange,
  seed: z.int().default(1),
  operations: z
    .array(z.string().refine(hasDelayedEffect, 'changes nothing a reader could see late'))
    .min(1)
    .optional(),
});

type Request = z.infer<typeof ConsistencyRequest>;

/** The delay after which changes show. */
export class Consistency {
  #request: Request | undefined;
  #random = generator(1);

  /** Turns it on, or changes it. */
  set(request: Request): void {
    this.#request = request;
    this.#random = generator(request.seed);
  }

  /** Turns it off; what is held back already still comes at its instant. */
  clear(): void {
    this.#request = undefined;
  }

  /** After how long the next call's effect shows. */
  next(operation: string): number {
    if (this.#request === undefined || !hasDelayedEffect(operation)) return 0;
    const { operations, delaySeconds } = this.#request;
    if (operations !== undefined && !operations.includes(operation)) return 0;
    return drawMilliseconds(delaySeconds, this.#random);
  }

  /** What is set, or null. */
  describe(): Request | null {
    return this.#request ?? null;
  }
}
