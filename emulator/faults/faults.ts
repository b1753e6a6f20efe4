// SPDX-License-Identifier: Apache-2.0
// Faults that a test asks for: errors of an operation, late visibility of its effect, slow answers.
// Rules match in the order given; seeded, so that a run can be repeated.
import { z } from 'zod';
import { hasDelayedEffect } from './delayed-effects.ts';
import { drawMilliseconds, generator, SecondsRange } from './seeded.ts';

/** A rule as it is posted. `operation` is a name like `CreateKey`, or `*`. */
export const FaultRequest = z
  .strictObject({
    operation: z.string().min(1),
    code: z.string().min(1).optional(),
    count: z.int().positive().optional(),
    when: z.enum(['before', 'after']).default('before'),
    delaySeconds: SecondsRange.optional(),
    seed: z.int().optional(),
  })
  .refine(({ code, delaySeconds }) => code !== undefined || delaySeconds !== undefined, {
    message: 'a fault needs a code or delaySeconds',
  });

/** A rule as it stands; `remaining` is null when it holds until deleted. */
export interface FaultRule {
  readonly id: number;
  readonly operation: string;
  readonly code: string | null;
  readonly when: 'before' | 'after';
  readonly delaySeconds: readonly [number, number] | null;
  readonly remaining: number | null;
}

/** What happens to one call. */
export interface Fate {
  readonly failBefore: string | undefined;
  readonly failAfter: string | undefined;
  readonly visibilityDelayMilliseconds: number;
  readonly latencyMilliseconds: number;
}

interface ActiveRule {
  readonly id: number;
  readonly request: z.infer<typeof FaultRequest>;
  readonly random: () => number;
  remaining: number;
}

/** The rules in force. */
export class Faults {
  #rules: ActiveRule[] = [];
  #nextId = 1;

  /** Adds a rule. */
  add(request: z.infer<typeof FaultRequest>): FaultRule {
    const id = this.#nextId;
    this.#nextId += 1;
    const rule = {
      id,
      request,
      random: generator(request.seed ?? 1),
      remaining: request.count ?? Number.POSITIVE_INFINITY,
    };
    this.#rules.push(rule);
    return describe(rule);
  }

  /** Drops every rule. */
  clear(): void {
    this.#rules = [];
  }

  /** The rules in force, oldest first. */
  list(): FaultRule[] {
    return this.#rules.map(describe);
  }

  /** Decides about the next call of an operation and counts it: at most one error and one delay. */
  next(operation: string): Fate {
    if (this.#rules.length === 0) return UNTOUCHED;
    const matching = this.#rules.filter(({ request }) => appliesTo(request, operation));
    const failing = matching.find(({ request }) => request.code !== undefined);
    const delaying = matching.find(({ request }) => request.delaySeconds !== undefined);
    for (const rule of new Set([failing, delaying])) if (rule !== undefined) rule.remaining -= 1;
    this.#rules = this.#rules.filter(({ remaining }) => remaining > 0);
    const delay =
      delaying === undefined
        ? 0
        : drawMilliseconds(delaying.request.delaySeconds ?? [0, 0], delaying.random);
    const isVisibility = hasDelayedEffect(operation) && delaying?.request.code === undefined;
    return {
      failBefore: failing?.request.when === 'before' ? failing.request.code : undefined,
      failAfter: failing?.request.when === 'after' ? failing.request.code : undefined,
      visibilityDelayMilliseconds: isVisibility ? delay : 0,
      latencyMilliseconds: isVisibility ? 0 : delay,
    };
  }
}

const UNTOUCHED: Fate = {
  failBefore: undefined,
  failAfter: undefined,
  visibilityDelayMilliseconds: 0,
  latencyMilliseconds: 0,
};

/** `*` with a delay means late visibility wherever there is one; it does not slow every other answer. */
function appliesTo(request: z.infer<typeof FaultRequest>, operation: string): boolean {
  if (request.operation === operation) return true;
  if (request.operation !== '*') return false;
  return request.code !== undefined || hasDelayedEffect(operation);
}

function describe(rule: ActiveRule): FaultRule {
  const { operation, code, when, delaySeconds } = rule.request;
  return {
    id: rule.id,
    operation,
    code: code ?? null,
    when,
    delaySeconds: delaySeconds ?? null,
    remaining: Number.isFinite(rule.remaining) ? rule.remaining : null,
  };
}
