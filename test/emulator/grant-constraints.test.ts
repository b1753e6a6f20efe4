// SPDX-License-Identifier: Apache-2.0
// Encryption context constraints of grants, for every context.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constraintsHold } from '#emulator/authorization/grants.ts';

describe('for every encryption context', () => {
  const pairs = fc.dictionary(
    fc.constantFrom('a', 'A', 'b', '__proto__x'),
    fc.constantFrom('1', '2'),
  );

  it('a constraint holds exactly when its pairs are all, or among, the context', () => {
    fc.assert(
      fc.property(pairs, pairs, (wanted, given) => {
        const context = new Map(Object.entries(given));
        const included = Object.entries(wanted).every(([name, value]) => given[name] === value);
        const same = included && Object.keys(wanted).length === Object.keys(given).length;

        expect(constraintsHold({ subset: wanted }, context)).toBe(included);
        expect(constraintsHold({ equals: wanted }, context)).toBe(same);
      }),
    );
  });
});
