// SPDX-License-Identifier: Apache-2.0
// Random histories in which keys are stopped: at any call of a rotation, of its confirmation, or of a lifting.
import fc from 'fast-check';
import type { CommonFault } from './faults.ts';

export type Act =
  | { readonly do: 'encrypt' | 'rotate' | 'lift' | 'sweep' }
  | {
      readonly do: 'contain';
      readonly kind: 'revocation' | 'suspension';
      readonly mode: 'hard' | 'locked';
      /** Counts the versions there are; null: the key. */
      readonly version: number | null;
      /** Of a revocation of the current version: the key is to go on. */
      readonly successor?: boolean;
    }
  /** What a revoked version protects may be re-encrypted for an hour; counts the versions there are. */
  | { readonly do: 'open'; readonly version: number }
  | { readonly do: 'wait'; readonly seconds: number };

export type Fault =
  | CommonFault
  /** A key is stopped in the middle of a call: the process is slow, and its call lands behind the denial. */
  | { readonly goes: 'stopped'; readonly at: number; readonly act: Act };

export interface History {
  readonly visibilityCalls: number;
  readonly acts: readonly Act[];
  readonly faults: readonly Fault[];
}

const MAX_CALL = 200;
const phase = fc.constantFrom('before' as const, 'after' as const);
const at = fc.integer({ min: 1, max: MAX_CALL });
const aStop: fc.Arbitrary<Act> = fc.record<Extract<Act, { do: 'contain' }>>({
  do: fc.constant('contain' as const),
  kind: fc.constantFrom('revocation' as const, 'suspension' as const, 'suspension' as const),
  mode: fc.constantFrom('hard' as const, 'locked' as const),
  version: fc.option(fc.nat({ max: 3 }), { nil: null }),
  successor: fc.boolean(),
});
const anAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('encrypt' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rotate' as const) }) },
  { weight: 3, arbitrary: aStop },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lift' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('open' as const), version: fc.nat({ max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.integer({ min: 1, max: 7200 }),
    }),
  },
);
const aFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    goes: fc.constantFrom('process-dies' as const, 'execution-lost' as const),
    at,
    phase,
  }),
  fc.record({
    goes: fc.constant('refused' as const),
    at,
    phase,
    times: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    goes: fc.constant('disconnected' as const),
    at,
    calls: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ goes: fc.constant('stopped' as const), at, act: aStop }),
);

export const aHistory: fc.Arbitrary<History> = fc.record({
  visibilityCalls: fc.nat({ max: 6 }),
  acts: fc.array(anAct, { minLength: 1, maxLength: 10 }),
  faults: fc.array(aFault, { maxLength: 4 }),
});
