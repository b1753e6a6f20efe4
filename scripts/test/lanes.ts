// SPDX-License-Identifier: Apache-2.0
// A lane of tests: a program that runs to its end and is counted. Shared by `npm test` and `npm run test:deep`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
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
/** Takes what a program prints, line by line. */
type Output = (line: string) => void;

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

/** How long the output of a program that has ended is waited for. */
const LAST_LINES_MILLISECONDS = 5000;

/**
 * Runs a program with its output passed on, or handed to `output` line by line.
 * @returns its exit code, 1 when a signal ended it or it did not start
 */
export function run(
  command: string,
  args: readonly string[],
  variables: Variables = {},
  output?: Output,
): Promise<number> {
  return new Promise((resolve) => {
    const to = output ? 'pipe' : 'inherit';
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', to, to],
      env: { ...process.env, ...variables },
    });
    for (const stream of [child.stdout, child.stderr])
      if (stream && output) createInterface(stream).on('line', output);
    child.on('error', (error) => {
      process.stderr.write(`${command} does not start: ${error.message}\n`);
      resolve(1);
    });
    child.on('exit', (code) => {
      const end = () => resolve(code ?? 1);
      // Behind the last line of its output, unless somebody whom it left behind keeps that open.
      child.on('close', end);
      setTimeout(end, LAST_LINES_MILLISECONDS).unref();
    });
  });
}

/** Runs a file of the repository under the running Node. */
export function runNode(
  file: string,
  args: readonly string[],
  variables: Variables = {},
  output?: Output,
): Promise<number> {
  const node = ['--disable-warning=ExperimentalWarning', join(ROOT, file), ...args];
  return run(process.execPath, node, variables, output);
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
  output?: Output,
): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const code = await runNode(
      'node_modules/vitest/vitest.mjs',
      ['run', '--project', name, ...reporters, ...args],
      variables,
      output,
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
 * The same lanes, but `name` runs beside those before it from `beside` on, in a process of its own: much of it is waiting.
 * What it has printed by its turn is shown then, and the rest as it comes.
 */
export function beginEarly(lanes: Lanes, name: string, beside: string): Lanes {
  const names = Object.keys(lanes);
  const other = lanes[beside];
  if (!other || names.indexOf(beside) >= names.indexOf(name)) return lanes;
  const lane = new Apart(name);
  return {
    ...lanes,
    [beside]: () => {
      void lane.begin();
      return other();
    },
    [name]: () => lane.turn(),
  };
}

const CLOSING = /^(\d+) passed, (\d+) failed$/m;

/** One lane of `npm test` as a program whose output is kept until its turn. */
class Apart {
  readonly #name: string;
  #kept: string[] = [];
  #isItsTurn = false;
  #closing = '';
  #code: Promise<number> | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  /** @returns its exit code; again is the same run */
  begin(): Promise<number> {
    const args = ['--disable-warning=ExperimentalWarning', process.argv[1] ?? ''];
    this.#code ??= run(process.execPath, [...args, '--only', this.#name], {}, (line) =>
      this.#take(line),
    );
    return this.#code;
  }

  /** Shows what it prints from now on, and before that what it has printed. @returns its counts, once it has ended */
  async turn(): Promise<Tally> {
    this.#isItsTurn = true;
    for (const line of this.#kept) process.stdout.write(`${line}\n`);
    this.#kept = [];
    await this.begin();
    return closingTally(this.#closing);
  }

  #take(line: string): void {
    // The closing line of the whole run is to be the only one.
    if (CLOSING.test(line)) this.#closing = line;
    else if (this.#isItsTurn) process.stdout.write(`${line}\n`);
    else this.#kept.push(line);
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
