// SPDX-License-Identifier: Apache-2.0
// What a random history of requests is made of: who votes, asks, leaves and comes back, what the clock and executors do,
// and what goes wrong in the middle of it.
import fc from 'fast-check';

/** Something that happens; `request` counts the requests of the history, `person` the people. */
export type Act =
  | {
      readonly do: 'vote';
      readonly request: number;
      readonly person: number;
      readonly decision: 'approve' | 'deny';
      /** Of what the voter saw: the request's own digest, or another one. */
      readonly sees: 'it' | 'another';
      readonly signature: 'valid' | 'forged' | 'none';
      /** Whether the execution that waits hears of a decision. */
      readonly wakes: boolean;
    }
  /** The execution of a request goes one step on, two executors at once, or it is lost. */
  | { readonly do: 'tick' | 'execute' | 'execute-twice' | 'lose'; readonly request: number }
  | { readonly do: 'cancel'; readonly request: number; readonly person: number }
  | { readonly do: 'notice'; readonly request: number; readonly delivered: boolean }
  /** Somebody leaves the directory, the group, or comes back. */
  | { readonly do: 'leave' | 'demote' | 'return'; readonly person: number }
  /** The state that requests rest on becomes another one, or the same again. */
  | { readonly do: 'change'; readonly value: number }
  | { readonly do: 'sweep' }
  | { readonly do: 'wait'; readonly seconds: number }
  /** To the very millisecond at which a window ends, or one beside it. */
  | {
      readonly do: 'wait-until';
      readonly request: number;
      readonly mark: 'closes' | 'lapses';
      readonly beside: -1 | 0 | 1;
    };

/** What goes wrong once, at a call of the ledger or of the directory. */
export type Fault =
  /** The process dies there: what the call did stays done. */
  | { readonly goes: 'dies'; readonly at: number; readonly phase: 'before' | 'after' }
  /** The call is refused, or, with phase `after`, its answer is lost. */
  | { readonly goes: 'refused'; readonly at: number; readonly phase: 'before' | 'after' }
  /** Something else happens in the middle of the call. */
  | { readonly goes: 'meanwhile'; readonly at: number; readonly act: Act };

export interface History {
  readonly requests: number;
  readonly required: number;
  readonly distinctTeams: number;
  readonly signed: boolean;
  readonly acts: readonly Act[];
  readonly faults: readonly Fault[];
}

export const PEOPLE = 6;
/** Calls of a long history; a fault at a later one does not come to pass. */
const MAX_CALL = 150;

const request = fc.nat({ max: 1 });
const person = fc.nat({ max: PEOPLE - 1 });
const phase = fc.constantFrom('before' as const, 'after' as const);
const mostly = <T>(usual: T, rare: T) => fc.constantFrom(usual, usual, usual, usual, rare);

const aVote: fc.Arbitrary<Act> = fc.record({
  do: fc.constant('vote' as const),
  request,
  person,
  decision: fc.constantFrom(...(['approve', 'approve', 'approve', 'approve', 'deny'] as const)),
  sees: mostly<'it' | 'another'>('it', 'another'),
  signature: fc.constantFrom(...(['valid', 'valid', 'valid', 'valid', 'forged', 'none'] as const)),
  wakes: mostly(true, false),
});
const anAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 9, arbitrary: aVote },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'tick' as const,
        'execute' as const,
        'execute-twice' as const,
        'lose' as const,
      ),
      request,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), request, person }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('notice' as const),
      request,
      delivered: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('leave' as const, 'demote' as const, 'return' as const),
      person,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('change' as const), value: fc.nat({ max: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 30, 61, 300, 480, 600),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait-until' as const),
      request,
      mark: fc.constantFrom('closes' as const, 'lapses' as const),
      beside: fc.constantFrom(-1 as const, 0 as const, 1 as const),
    }),
  },
);

const at = fc.integer({ min: 1, max: MAX_CALL });
const aFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ goes: fc.constant('dies' as const), at, phase }) },
  { weight: 1, arbitrary: fc.record({ goes: fc.constant('refused' as const), at, phase }) },
  { weight: 4, arbitrary: fc.record({ goes: fc.constant('meanwhile' as const), at, act: anAct }) },
);

export const aHistory: fc.Arbitrary<History> = fc.record({
  requests: fc.integer({ min: 1, max: 2 }),
  required: fc.integer({ min: 1, max: 3 }),
  distinctTeams: fc.constantFrom(1, 1, 2),
  signed: fc.boolean(),
  acts: fc.array(anAct, { minLength: 3, maxLength: 18 }),
  faults: fc.array(aFault, { maxLength: 5 }),
});
