// SPDX-License-Identifier: Apache-2.0
// A lane of tests: a program that runs to its end and is counted. Shared by `npm test` and `npm run test:deep`.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  closingLines,
  closingTally,
  counted,
  isClosing,
  sum,
  type Tally,
  tallyOf,
} from './tallies.ts';

/** The root of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Lanes by name, in the order in which they run. */
export type Lanes = Readonly<Record<string, () => Promise<Tally>>>;
type Variables = Readonly<Record<string, string>>;
/** Takes what a program prints, line by line. */
type Output = (line: string) => void;

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
  return counted(`the simulation of ${suite}`, await runNode('scripts/simulate.ts', args));
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
    return tallyOf(name, report, code);
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

/** What a lane ends with; of one that is a program of its own, the whole run says it. */
const LANE = / passed, \d+ failed in \d+ s$/;

/** One lane of `npm test` as a program whose output is kept until its turn. */
class Apart {
  readonly #name: string;
  #kept: string[] = [];
  #isItsTurn = false;
  readonly #closing: string[] = [];
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
    return closingTally(this.#name, this.#closing.join('\n'));
  }

  #take(line: string): void {
    // The closing lines of the whole run are to be the only ones.
    if (isClosing(line)) this.#closing.push(line);
    else if (line.startsWith(`${this.#name}: `) && LANE.test(line)) return;
    else if (this.#isItsTurn) process.stdout.write(`${line}\n`);
    else this.#kept.push(line);
  }
}

/** Runs lanes one by one, prints what failed and one closing line `N passed, N failed`, and sets the exit code. */
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
  const whole = sum(tallies);
  process.stdout.write(`\n${closingLines(whole)}`);
  process.exitCode = whole.failed === 0 ? 0 : 1;
}
