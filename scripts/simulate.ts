// SPDX-License-Identifier: Apache-2.0
// `npm run simulate -- --suite rotation|approvals|revocation --seeds N [--seed S]`: seeded random histories over the ports in memory,
// of rotations and stops in the real workflows or of requests for approval. Ends with `N histories, 0 violations`, or prints the failing seed with its history and exits 1.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Programs that play a suite. They belong to the tests, which nothing imports, so they are run by path. */
const SUITES: Readonly<Record<string, string>> = {
  rotation: 'test/simulation/rotation.ts',
  approvals: 'test/simulation/approvals.ts',
  revocation: 'test/simulation/revocation.ts',
};

/** Prints how it is used, and ends. */
function refuse(why: string): never {
  process.stderr.write(
    `simulate: ${why}\nusage: npm run simulate -- --suite ${Object.keys(SUITES).join('|')} --seeds N [--seed S]\n`,
  );
  process.exit(2);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        suite: { type: 'string', default: 'rotation' },
        seeds: { type: 'string', default: '500' },
        seed: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, text: string): string {
  return /^\d{1,9}$/.test(text) ? text : refuse(`--${name} ${text} is no whole number`);
}

const { suite, seeds, seed } = options();
const program = SUITES[suite] ?? refuse(`there is no suite ${suite}`);
// Without a seed each run looks at new histories; a failure names its own.
const first = wholeNumber('seed', seed ?? String(randomInt(1_000_000)));
const child = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    join(ROOT, program),
    wholeNumber('seeds', seeds),
    first,
  ],
  { stdio: 'inherit' },
);
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
