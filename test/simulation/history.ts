// SPDX-License-Identifier: Apache-2.0
// What a random history is made of: what people, consumers and the schedule do, and what goes wrong meanwhile.
import fc from 'fast-check';
import type { Origin } from '#core/contract/vocabulary.ts';
import type { CommonFault } from './faults.ts';
import type { ToldUse } from './key-uses.ts';
import type { LeavingAct } from './leavings.ts';
import type { StoredAct } from './stored-items.ts';

/** Something that is asked of the system from outside; `key` counts the keys of the history. */
export type Act =
  | { readonly do: 'create' | 'encrypt'; readonly key: number }
  /** A rotation by the API; a request with the same `request` is the same request sent again. */
  | { readonly do: 'rotate'; readonly key: number; readonly request: number }
  /** A rotation that is planned, something else that happens, and the run that is held to the plan. */
  | { readonly do: 'plan'; readonly key: number; readonly between: 'nothing' | 'rotate' | 'policy' }
  | {
      readonly do: 'patch';
      readonly key: number;
      readonly dueInSeconds: number;
      readonly isStale: boolean;
    }
  /** Consumer 0 answers, consumer 1 only states a wait. */
  | {
      readonly do: 'register' | 'remove' | 'acknowledge';
      readonly key: number;
      readonly consumer: number;
    }
  | ToldUse
  | StoredAct
  | LeavingAct
  | { readonly do: 'extend'; readonly key: number; readonly seconds: number }
  /** Somebody wants the old version back. */
  | { readonly do: 'cancel'; readonly key: number }
  | { readonly do: 'roll-back'; readonly key: number }
  /** A schedule event; two of them are a duplicate. */
  | { readonly do: 'sweep'; readonly times: 1 | 2 }
  | { readonly do: 'wait'; readonly seconds: number };

/** What goes wrong once, at a port call or in a wait of an execution. */
export type Fault =
  | CommonFault
  /** Other things happen in the middle of a call: the process is slow, and the world goes on. */
  | { readonly goes: 'meanwhile'; readonly at: number; readonly act: Act }
  /** Other things happen while an execution waits or backs off. */
  | { readonly goes: 'in-a-wait'; readonly at: number; readonly act: Act };

export interface History {
  readonly keys: number;
  /** For how many vault calls a change stays unseen. */
  readonly visibilityCalls: number;
  /** Express children run once or twice: they are started at least once. */
  readonly timesOfChild?: 1 | 2;
  /** Whether an execution that another starts begins at once, or when that one has gone on. */
  readonly startsLate?: boolean;
  /** The first key is no new one: somebody else made it, and it is adopted. */
  readonly isAdopted?: boolean;
  /** Days without use before a version may go; without any, no write may come late. */
  readonly quietDays?: 0 | 1;
  /** Of all keys but the adopted one; in the HSM when it says nothing. */
  readonly origin?: Origin;
  /** All keys but the first are of tier `data`, wrapped by the first. */
  readonly hasDataKeys?: boolean;
  readonly acts: readonly Act[];
  readonly faults: readonly Fault[];
}

/** Port calls of a history with two rotations; later ones find no call to fall on. */
const MAX_CALL = 320;
const MAX_WAIT = 40;

const key = fc.nat({ max: 2 });
const phase = fc.constantFrom('before' as const, 'after' as const);
const anAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('create' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('encrypt' as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('rotate' as const), key, request: fc.nat({ max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('plan' as const),
      key,
      between: fc.constantFrom('nothing' as const, 'rotate' as const, 'policy' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('patch' as const),
      key,
      dueInSeconds: fc.constantFrom(-3600, 0, 300, 7200, 864_000),
      isStale: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('register' as const, 'acknowledge' as const, 'remove' as const),
      key,
      consumer: fc.nat({ max: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('roll-back' as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('use-told' as const),
      key,
      consumer: fc.nat({ max: 1 }),
      versionsBack: fc.constantFrom(0 as const, 1 as const),
      lateBySeconds: fc.constantFrom(0, 1, 60, 900, 7200),
      times: fc.constantFrom(1 as const, 2 as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      key,
      item: fc.nat({ max: 4 }),
      isLate: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reencrypt' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('retire' as const),
      key,
      versionsBack: fc.constantFrom(1 as const, 2 as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('destroy' as const),
      key,
      versionsBack: fc.constantFrom(1 as const, 1 as const, 2 as const, 3 as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('keep' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('extend' as const),
      key,
      seconds: fc.constantFrom(10, 100, 7200),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('sweep' as const),
      times: fc.constantFrom(1 as const, 2 as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 60, 400, 1000, 3600, 90_000, 650_000),
    }),
  },
);
/** A process lives a minute at most (timeout of its state), so nothing takes longer in the middle of a call. */
const aShortAct = anAct.filter((act) => act.do !== 'wait' || act.seconds <= 60);

const call = fc.integer({ min: 1, max: MAX_CALL });
const aFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    goes: fc.constantFrom('process-dies' as const, 'execution-lost' as const),
    at: call,
    phase,
  }),
  fc.record({
    goes: fc.constant('refused' as const),
    at: call,
    phase,
    code: fc.constantFrom('Throttled' as const, 'DependencyUnavailable' as const),
    times: fc.constantFrom(1, 2, 5, 12, 40),
  }),
  fc.record({
    goes: fc.constant('disconnected' as const),
    at: call,
    calls: fc.integer({ min: 1, max: 120 }),
  }),
  fc.record({ goes: fc.constant('meanwhile' as const), at: call, act: aShortAct }),
  fc.record({
    goes: fc.constant('in-a-wait' as const),
    at: fc.integer({ min: 1, max: MAX_WAIT }),
    act: anAct,
  }),
);

/** Several keys, what happens to them, and one to three faults. */
export const aHistory: fc.Arbitrary<History> = fc.record({
  keys: fc.integer({ min: 1, max: 3 }),
  visibilityCalls: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }) },
  ),
  timesOfChild: fc.constantFrom(1 as const, 1 as const, 2 as const),
  startsLate: fc.boolean(),
  isAdopted: fc.constantFrom(false, false, true),
  quietDays: fc.constantFrom(0 as const, 1 as const),
  origin: fc.constantFrom<Origin[]>('AWS_CLOUDHSM', 'AWS_CLOUDHSM', 'AWS_KMS', 'EXTERNAL'),
  hasDataKeys: fc.constantFrom(false, false, true),
  acts: fc.array(anAct, { minLength: 2, maxLength: 10 }),
  faults: fc.array(aFault, { minLength: 1, maxLength: 3 }),
});
