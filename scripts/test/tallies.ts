// SPDX-License-Identifier: Apache-2.0
// What lanes counted, and the lines that a whole run ends with.
import { readFileSync } from 'node:fs';

/** As much of a message as a line can have beside a name. */
const MESSAGE_CHARACTERS = 300;

/** What a lane counted. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Names of what failed, a test's with the first line of what it says. */
  readonly failures: readonly string[];
}

/** Adds counts up. */
export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    failures: tallies.flatMap(({ failures }) => failures),
  };
}

/** What could not run counts nothing. */
export const NOT_RUN: Tally = { passed: 0, failed: 0, failures: [] };

/** A program counts as one. @param name as it is called when it has failed */
export function counted(name: string, code: number): Tally {
  if (code === 0) return { passed: 1, failed: 0, failures: [] };
  return { passed: 0, failed: 1, failures: [name] };
}

interface VitestResult {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
}

/** The parts of vitest's JSON report that are read. */
interface VitestReport {
  readonly numPassedTests?: unknown;
  readonly numFailedTests?: unknown;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly VitestResult[];
  }[];
}

function described({ fullName, failureMessages: [message = ''] = [] }: VitestResult): string {
  const [line = ''] = message.split('\n');
  return line === '' ? fullName : `${fullName} (${line.slice(0, MESSAGE_CHARACTERS)})`;
}

/** What failed: tests, and files of which no test did, as one that does not load. */
function failuresOf({ testResults = [] }: VitestReport): string[] {
  return testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, assertionResults }) => {
      const file = name.replace(/^.*\/test\//, 'test/');
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      return failed.length > 0 ? failed.map((test) => `${file}: ${described(test)}`) : [file];
    });
}

/**
 * The counts of vitest's JSON report. A file that fails to load has no tests to count, and a vitest that crashed has
 * written no report: both fail the run all the same.
 */
export function tallyOf(project: string, report: string, code: number): Tally {
  try {
    const read = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
    const { numPassedTests: passed, numFailedTests } = read;
    if (typeof passed === 'number' && typeof numFailedTests === 'number') {
      const failed = Math.max(numFailedTests, code === 0 ? 0 : 1);
      const failures = failuresOf(read);
      const isUnnamed = failed > 0 && failures.length === 0;
      return { passed, failed, failures: isUnnamed ? [`vitest, project ${project}`] : failures };
    }
  } catch {
    // No report, or a part of one.
  }
  process.stderr.write(`vitest ended with code ${code} and without its report\n`);
  return { passed: 0, failed: 1, failures: [`vitest, project ${project}`] };
}

const FAILURE = /^did not pass: (.*)$/;
const CLOSING = /^(\d+) passed, (\d+) failed$/;

/** One line `did not pass: NAME` for each failure, then `N passed, N failed`. */
export function closingLines({ passed, failed, failures }: Tally): string {
  const names = failures.map((name) => `did not pass: ${name.replaceAll(/\s+/g, ' ')}\n`).join('');
  return `${names}${passed} passed, ${failed} failed\n`;
}

/** True for a line as {@link closingLines} gives them. */
export function isClosing(line: string): boolean {
  return FAILURE.test(line) || CLOSING.test(line);
}

/** What closing lines say, whatever stands between them; without the last one the program `name` has failed. */
export function closingTally(name: string, text: string): Tally {
  const lines = text.split('\n');
  const [, passed, failed] = lines.map((line) => CLOSING.exec(line)).findLast(Boolean) ?? [];
  if (passed === undefined || failed === undefined) return counted(name, 1);
  const failures = lines.flatMap((line) => FAILURE.exec(line)?.[1] ?? []);
  return { passed: Number(passed), failed: Number(failed), failures };
}
