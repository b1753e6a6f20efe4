// SPDX-License-Identifier: Apache-2.0
// A security invariant is one sentence with an id, beside the code that keeps it and as the title of a test that
// would fail without it. This test fails when either one is missing.
import { describe, expect, it } from 'vitest';
import { MODULES } from './modules.ts';

const MARK = /\[INV-\d\d\] [^.:'"`]+/g;

/** Marks of a text whose comments may break lines. */
function marksIn(text: string): string[] {
  const joined = text.replace(/\n\s*(\/\/|\*(?!\/))\s*/g, ' ');
  return [...joined.matchAll(MARK)].map(([mark]) => mark.trim());
}

const others = MODULES.filter((module) => !module.file.startsWith('test/architecture/'));
const inCode = others
  .filter((module) => !module.file.startsWith('test/'))
  .flatMap((module) => marksIn(module.text));
const inTitles = others
  .filter((module) => module.file.startsWith('test/'))
  .flatMap((module) => marksIn(module.text));

describe('security invariants', () => {
  it('are each kept somewhere in the code and proved by a test of the same words', () => {
    expect([...new Set(inCode)].sort()).toEqual([...new Set(inTitles)].sort());
  });

  it('are proved by one test each', () => {
    expect(inTitles.length).toBe(new Set(inTitles).size);
  });

  it('hold today for aliases, ciphertexts, states, leases, quorums, audit, endings, histories, consumers, rollbacks and containment', () => {
    const ids = new Set(inCode.map((mark) => mark.slice(1, 7)));

    expect([...ids].sort()).toEqual([
      'INV-01',
      'INV-02',
      'INV-03',
      'INV-04',
      'INV-05',
      'INV-06',
      'INV-08',
      'INV-09',
      'INV-10',
      'INV-11',
      'INV-12',
    ]);
  });

  it('are found also where a comment breaks the line', () => {
    expect(marksIn('// x. [INV-01] one\n// sentence. More')).toEqual(['[INV-01] one sentence']);
    expect(marksIn('/**\n * [INV-02] another\n * sentence.\n */')).toEqual([
      '[INV-02] another sentence',
    ]);
  });
});
