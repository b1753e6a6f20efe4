// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerOf, openEnvelope, sealEnvelope } from '#core/keys/envelope.ts';
import { runs } from '#test/support/runs.ts';

const KEY = new Uint8Array(32).fill(7);
const IV = new Uint8Array(12).fill(9);
const HEADER = { name: 'order-rows', version: 3 };
const invalid = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return (error as Error).name;
  }
  return 'opened';
};

describe('the envelope of a data key', () => {
  it('gives back any text under its context, and says whose it is', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 4096 }),
        fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        (text, context, version) => {
          const sealed = sealEnvelope({ ...HEADER, version }, { key: KEY, iv: IV }, text, context);

          expect(headerOf(sealed)).toEqual({ ...HEADER, version });
          expect([...openEnvelope(KEY, sealed, context)]).toEqual([...text]);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  it('does not open when any bit of it is another one', () => {
    const sealed = Buffer.from(sealEnvelope(HEADER, { key: KEY, iv: IV }, Buffer.from('a'), {}));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const bent = Buffer.from(sealed);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(
        invalid(() => openEnvelope(KEY, bent, {})),
        `bit ${bit}`,
      ).toBe('CiphertextInvalid');
    }
  });

  it('does not open under another context, nor cut off anywhere', () => {
    const sealed = sealEnvelope(HEADER, { key: KEY, iv: IV }, Buffer.from('a'), { order: '7' });

    expect(invalid(() => openEnvelope(KEY, sealed, { order: '8' }))).toBe('CiphertextInvalid');
    for (let length = 0; length < sealed.length; length += 1)
      expect(invalid(() => openEnvelope(KEY, sealed.subarray(0, length), { order: '7' }))).toBe(
        'CiphertextInvalid',
      );
  });
});
