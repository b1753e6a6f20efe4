// SPDX-License-Identifier: Apache-2.0
// A lane of tests: a program that runs to its end and is counted. Shared by `npm test` and `npm run test:deep`.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What a lane counted. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Lanes by name, in the order in which they run. */
export type Lanes = Readonly<Record<string, () => Promise<Tally>>>;
type Variables = Readonly<Record<string, string>>;

/** Adds counts up. */
export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
  };
}

/** A program counts as one. */
export function counted(code: number): Tally {
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Runs a program with its output passed on, or put into an open file.
 * @returns its exit code, 1 when a signal ended it or it did not start
 */
export function run(
  command: string,
  args: readonly string[],
  variables: Variables = {},
  output: 'inherit' | number = 'inherit',
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...variables },
    });
    child.on('error', (error) => {
      process.stderr.write(`${command} does not start: ${error.message}\n`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs a file of the repository under the running Node. */
export function runNode(
  file: string,
  args: readonly string[],
  variables: Variables = {},
): Promise<number> {
  const node = ['--disable-warning=ExperimentalWarning', join(ROOT, file), ...args];
  return run(process.execPath, node, variables);
}

/** Plays seeded histories; without a seed, new ones each time. */
export async function simulate(suite: string, histories: number): Promise<Tally> {
  const args = ['--suite', suite, '--seeds', String(histories)];
  return counted(await runNode('scripts/simulate.ts', args));
}

/**
 * The counts of vitest's JSON report. A file that fails to load has no tests to count, and a vitest that crashed has
 * written no report: both fail the run all the same.
 */
export function tallyOf(report: string, code: number): Tally {
  try {
    const counts = JSON.parse(readFileSync(report, 'utf8')) as Record<string, unknown>;
    const { numPassedTests: passed, numFailedTests: failed } = counts;
    if (typeof passed === 'number' && typeof failed === 'number')
      return { passed, failed: Math.max(failed, code === 0 ? 0 : 1) };
  } catch {
    // No report, or a part of one.
  }
  process.stderr.write(`vitest ended with code ${code} and without its report\n`);
  return { passed: 0, failed: 1 };
}

/** One vitest project. */
export async function project(
  name: string,
  args: readonly string[] = [],
  variables: Variables = {},
): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const code = await runNode(
      'node_modules/vitest/vitest.mjs',
      ['run', '--project', name, ...reporters, ...args],
      variables,
    );
    return tallyOf(report, code);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The lanes named in `--only a,b`, or all. @throws Error for a name that none has */
export function chosen(lanes: Lanes, only: string | undefined): Lanes {
  const names = only?.split(',') ?? Object.keys(lanes);
  const unknown = names.filter((name) => !Object.hasOwn(lanes, name));
  if (unknown.length > 0)
    throw new Error(
      `no such lane: ${unknown.join(', ')}; there are ${Object.keys(lanes).join(', ')}`,
    );
  return Object.fromEntries(Object.entries(lanes).filter(([name]) => names.includes(name)));
}

/**
 * The same lanes, but `name` runs beside those before it, in a process of its own: much of it is waiting. What it prints
 * is shown when its turn comes.
 */
export function beginEarly(lanes: Lanes, name: string): Lanes {
  const [first] = Object.keys(lanes);
  if (first === undefined || first === name || !Object.hasOwn(lanes, name)) return lanes;
  const begun: { lane?: Promise<Tally> } = {};
  return {
    ...lanes,
    [first]: () => {
      begun.lane = apart(name);
      return (lanes[first] as () => Promise<Tally>)();
    },
    [name]: () => begun.lane ?? apart(name),
  };
}

const CLOSING = /^(\d+) passed, (\d+) failed$/m;

/** One lane of `npm test` as a program whose output is kept until it has ended. */
async function apart(name: string): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-lane-'));
  const file = join(folder, 'output');
  const output = openSync(file, 'a');
  try {
    const args = ['--disable-warning=ExperimentalWarning', process.argv[1] ?? '', '--only', name];
    await run(process.execPath, args, {}, output);
    const text = readFileSync(file, 'utf8');
    // The closing line of the whole run is to be the only one.
    process.stdout.write(text.replace(CLOSING, ''));
    return closingTally(text);
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true });
  }
}

/** The counts of a closing line `N passed, N failed`; without one the program has failed. */
export function closingTally(text: string): Tally {
  const [, passed, failed] = CLOSING.exec(text) ?? [];
  if (passed === undefined || failed === undefined) return { passed: 0, failed: 1 };
  return { passed: Number(passed), failed: Number(failed) };
}

/** Runs lanes one by one, prints one closing line `N passed, N failed`, and sets the exit code. */
export async function runLanes(lanes: Lanes): Promise<void> {
  const tallies: Tally[] = [];
  for (const [name, lane] of Object.entries(lanes)) {
    const began = performance.now();
    const tally = await lane();
    tallies.push(tally);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    process.stdout.write(
      `\n${name}: ${tally.passed} passed, ${tally.failed} failed in ${seconds} s\n`,
    );
  }
  const { passed, failed } = sum(tallies);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
