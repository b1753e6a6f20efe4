// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_STATES, type KeyState } from '#core/contract/vocabulary.ts';
import { isLegal, mayProcess, mayProtect, transition } from '#core/keys/transitions.ts';

/** NIST SP 800-57 part 1 §7, T2 to T15, written out by hand: T1 has no state to come from. */
const EDGES: readonly (readonly [KeyState, KeyState])[] = [
  ['pre-activation', 'destroyed'],
  ['pre-activation', 'compromised'],
  ['pre-activation', 'active'],
  ['active', 'destroyed'],
  ['active', 'compromised'],
  ['active', 'suspended'],
  ['active', 'deactivated'],
  ['suspended', 'destroyed'],
  ['suspended', 'active'],
  ['suspended', 'compromised'],
  ['suspended', 'deactivated'],
  ['deactivated', 'destroyed'],
  ['deactivated', 'compromised'],
  ['compromised', 'destroyed'],
];
const isEdge = (from: KeyState, to: KeyState) =>
  EDGES.some(([known, target]) => known === from && target === to);
const PAIRS = KEY_STATES.flatMap((from) => KEY_STATES.map((to) => ({ from, to })));

describe('the transition table', () => {
  it.each(PAIRS.filter(({ from, to }) => isEdge(from, to)))(
    'moves $from to $to',
    ({ from, to }) => {
      expect(transition(from, to)).toBe(to);
    },
  );

  it.each(PAIRS.filter(({ from, to }) => !isEdge(from, to)))(
    'refuses to move $from to $to',
    ({ from, to }) => {
      expect(() => transition(from, to)).toThrow(
        expect.objectContaining({ name: 'TransitionForbidden', details: { from, to } }),
      );
    },
  );

  it('[INV-03] a destroyed version never leaves that state and a compromised one is never active again', () => {
    const walk = fc.array(fc.constantFrom(...KEY_STATES), { maxLength: 30 });
    fc.assert(
      fc.property(walk, (targets) => {
        const seen: KeyState[] = ['pre-activation'];
        for (const to of targets) {
          const from = seen.at(-1) ?? 'pre-activation';
          if (isLegal(from, to)) seen.push(transition(from, to));
        }
        const gone = seen.indexOf('destroyed');
        const bad = seen.indexOf('compromised');
        expect(gone === -1 || gone === seen.length - 1).toBe(true);
        expect(bad === -1 || !seen.slice(bad).includes('active')).toBe(true);
      }),
    );
  });

  it('lets only an active version protect new data', () => {
    expect(KEY_STATES.filter(mayProtect)).toEqual(['active']);
  });

  it('lets active and deactivated versions process old data', () => {
    expect(KEY_STATES.filter(mayProcess)).toEqual(['active', 'deactivated']);
  });
});
