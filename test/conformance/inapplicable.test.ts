// SPDX-License-Identifier: Apache-2.0
// The lists of what does not count: a test is excused by its own line only, and never without a reason.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { excuseFor, listOf, parseList } from './inapplicable.ts';

const LIST = `
# a remark
It is about something else.
  test_a.py::test_one
  test_b.py::Class::test_many[*

It is wrong.
  test_a.py::test_three
  = test_c.py*
`;

it('excuses the tests named, for the reason above them', () => {
  const list = parseList(LIST);

  const reasonFor = (test: string) => excuseFor(list, test)?.reason;

  expect(reasonFor('tests/deep/test_a.py::test_one')).toBe('It is about something else.');
  expect(reasonFor('test_b.py::Class::test_many[a/b::c]')).toBe('It is about something else.');
  expect(reasonFor('test_a.py::test_three')).toBe('It is wrong.');
  expect(excuseFor(list, 'test_a.py::test_three')?.isSilent).toBe(false);
  expect(excuseFor(list, 'test_c.py::test_own')).toMatchObject({ isSilent: true });
  expect(reasonFor('test_a.py::test_one_more')).toBeUndefined();
  expect(reasonFor('test_b.py::Class::test_man')).toBeUndefined();
});

it('refuses a test without a reason', () => {
  expect(() => parseList('  test_a.py::test_one')).toThrow(/no reason is given for test_a/);
});

it('has lists that can be read, and no test twice', () => {
  const suites = readdirSync(join(import.meta.dirname, 'inapplicable'));

  expect(suites.length).toBeGreaterThan(0);
  for (const suite of suites) {
    const patterns = listOf(basename(suite, '.txt')).map(({ pattern }) => pattern);
    expect(patterns.length).toBeGreaterThan(0);
    expect(new Set(patterns).size).toBe(patterns.length);
  }
});
