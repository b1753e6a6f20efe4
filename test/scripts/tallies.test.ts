// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  closingLines,
  closingTally,
  counted,
  isClosing,
  sum,
  type Tally,
  tallyOf,
} from '#scripts/test/tallies.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-tallies-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function aReport(report: unknown): string {
  const file = join(folder, 'report.json');
  writeFileSync(file, typeof report === 'string' ? report : JSON.stringify(report));
  return file;
}

const aFile = (name: string, status: string, assertionResults: readonly object[] = []) => ({
  name: `/somewhere/test/${name}`,
  status,
  assertionResults,
});
const passed = { fullName: 'a key is made', status: 'passed' };
const failed = { fullName: 'a key is lost', status: 'failed' };

describe('the tally of a vitest run', () => {
  it.each([
    ['all passed', [aFile('a.test.ts', 'passed', [passed])], 0, []],
    [
      'some failed',
      [aFile('a.test.ts', 'passed', [passed]), aFile('b.test.ts', 'failed', [passed, failed])],
      1,
      ['test/b.test.ts: a key is lost'],
    ],
    [
      'a failure says why',
      [aFile('b.test.ts', 'failed', [{ ...failed, failureMessages: ['Error: gone\n  at b'] }])],
      1,
      ['test/b.test.ts: a key is lost (Error: gone)'],
    ],
    ['a file did not load', [aFile('c.test.ts', 'failed')], 1, ['test/c.test.ts']],
    ['nobody knows what failed', [], 1, ['vitest, project unit']],
  ])('is read from the report when %s', (_what, testResults, code, failures) => {
    const report = aReport({ numPassedTests: 7, numFailedTests: 0, testResults });

    expect(tallyOf('unit', report, code)).toEqual({ passed: 7, failed: failures.length, failures });
  });

  it('has the count of the report', () => {
    const report = aReport({ numPassedTests: 7, numFailedTests: 2 });

    expect(tallyOf('unit', report, 1)).toMatchObject({ passed: 7, failed: 2 });
  });

  it.each([
    ['half a report', () => aReport('{"numPassedTests":7,')],
    ['a report without counts', () => aReport({})],
    ['no report', () => join(folder, 'none.json')],
  ])('is one failure with %s', (_what, report) => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);

    const tally = { passed: 0, failed: 1, failures: ['vitest, project unit'] };
    expect(tallyOf('unit', report(), 0)).toEqual(tally);
    expect(written).toHaveBeenCalledWith(expect.stringContaining('without its report'));
  });
});

describe('tallies', () => {
  it('are added up', () => {
    const some: Tally = { passed: 4, failed: 2, failures: ['a', 'b'] };

    expect(sum([counted('types', 0), counted('lint', 3), some])).toEqual({
      passed: 5,
      failed: 3,
      failures: ['lint', 'a', 'b'],
    });
  });

  it('are what the closing lines of their program say, and all else is no closing line', () => {
    const tally: Tally = {
      passed: 3,
      failed: 2,
      failures: ['a.test.ts: one', 'b.test.ts: two\nlines'],
    };
    const lines = closingLines(tally);

    expect(lines).toBe(
      'did not pass: a.test.ts: one\ndid not pass: b.test.ts: two lines\n3 passed, 2 failed\n',
    );
    expect(lines.trimEnd().split('\n').every(isClosing)).toBe(true);
    expect(isClosing('slow: 3 passed, 2 failed in 9 s')).toBe(false);
    expect(closingTally('slow', `slow: 3 passed, 2 failed in 9 s\n\n${lines}`)).toEqual({
      ...tally,
      failures: ['a.test.ts: one', 'b.test.ts: two lines'],
    });
  });

  it.each(['slow: 3 passed, 1 failed in 9 s\n', ''])(
    'are one failure of a program without the last line: "%s"',
    (text) => {
      expect(closingTally('slow', text)).toEqual({ passed: 0, failed: 1, failures: ['slow'] });
    },
  );
});
