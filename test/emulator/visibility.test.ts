// SPDX-License-Identifier: Apache-2.0
// Late visibility against the plain definition: the last change whose instant has come is what is seen.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Visibility } from '#emulator/store/visibility.ts';

const change = fc.record({ wait: fc.nat(10), delay: fc.nat(20), value: fc.nat(1000) });

describe('visibility', () => {
  it('shows the latest change whose instant has come, else the first value', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat(40), (changes, later) => {
        let now = 0;
        const visibility = new Visibility(() => now);
        const history = [{ value: -1, visibleAt: 0 }];
        let current = -1;
        for (const { wait, delay, value } of changes) {
          now += wait;
          visibility.hide('key:1', 'state', current, now + delay);
          current = value;
          history.push({ value, visibleAt: now + delay });
          visibility.seen('key:1', 'state', current);
        }
        now += later;

        const expected = history.findLast(({ visibleAt }) => visibleAt <= now)?.value;
        expect(visibility.seen('key:1', 'state', current)).toBe(expected);
      }),
    );
  });
});
