// SPDX-License-Identifier: Apache-2.0
// The one transition table of key states: NIST SP 800-57 part 1 r5 §7, transitions T1 to T15. What is not listed is
// forbidden. [INV-03] a destroyed version never leaves that state and a compromised one is never active again.
import type { KeyState } from '../contract/vocabulary.ts';
import { KeyturnError } from '../errors.ts';

/** Legal targets by state. T1, generation, creates a record in `pre-activation`. */
export const TRANSITIONS: Readonly<Record<KeyState, readonly KeyState[]>> = {
  'pre-activation': ['destroyed', 'compromised', 'active'], // T2, T3, T4
  active: ['destroyed', 'compromised', 'suspended', 'deactivated'], // T5, T6, T7, T8
  suspended: ['destroyed', 'active', 'compromised', 'deactivated'], // T9, T10, T11, T12
  deactivated: ['destroyed', 'compromised'], // T13, T14
  compromised: ['destroyed'], // T15
  destroyed: [],
};

/** True where the table has the edge. */
export function isLegal(from: KeyState, to: KeyState): boolean {
  return TRANSITIONS[from].includes(to);
}

/**
 * Moves a state along a legal edge.
 * @throws KeyturnError `TransitionForbidden` for every other pair, staying included.
 */
export function transition(from: KeyState, to: KeyState): KeyState {
  if (isLegal(from, to)) return to;
  throw new KeyturnError(
    'TransitionForbidden',
    `a key version cannot move from ${from} to ${to} (NIST SP 800-57 part 1, section 7)`,
    { details: { from, to } },
  );
}

/** States in which a version may protect new data (SP 800-57 part 1 §7). */
export function mayProtect(state: KeyState): boolean {
  return state === 'active';
}

/** States in which a version may process data already protected (SP 800-57 part 1 §7). */
export function mayProcess(state: KeyState): boolean {
  return state === 'active' || state === 'deactivated';
}
