// SPDX-License-Identifier: Apache-2.0
// `npm test`: format, lint, types, then the test projects, each once. Prints one closing line `N passed, N failed`.
//   --only check,unit,lib,integration,e2e,crash    a subset, in that order
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const LANES = ['check', 'unit', 'lib', 'integration', 'e2e', 'crash'] as const;
type Lane = (typeof LANES)[number];

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const bin = (path: string) => join(ROOT, 'node_modules', path);

/** Runs a program of node_modules with the running Node and all output passed on. @returns its exit code */
function run(path: string, args: readonly string[]): Promise<number> {
  const node = ['--disable-warning=ExperimentalWarning', bin(path), ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, node, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function check(): Promise<Tally> {
  const codes = [
    await run('@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '.']),
    await run('typescript/bin/tsc', ['-p', '.']),
  ];
  const failed = codes.filter((code) => code !== 0).length;
  return { passed: codes.length - failed, failed };
}

/** One vitest project; the counts are read from its JSON report. */
async function project(name: string): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  const report = join(folder, 'report.json');
  try {
    const args = [
      'run',
      '--project',
      name,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    const code = await run('vitest/vitest.mjs', args);
    const counts = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    // A file that fails to load has no tests to count, and fails the run all the same.
    const failed = Math.max(counts.numFailedTests, code === 0 ? 0 : 1);
    return { passed: counts.numPassedTests, failed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const RUN: Record<Lane, () => Promise<Tally>> = {
  check,
  unit: () => project('unit'),
  lib: () => project('lib'),
  integration: () => project('integration'),
  e2e: () => project('e2e'),
  crash: () => project('crash'),
};

function chosenLanes(): Lane[] {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const only = values.only?.split(',') ?? [...LANES];
  const unknown = only.filter((name) => !LANES.some((lane) => lane === name));
  if (unknown.length > 0)
    throw new Error(`no such lane: ${unknown.join(', ')}; there are ${LANES.join(', ')}`);
  return LANES.filter((lane) => only.includes(lane));
}

let passed = 0;
let failed = 0;
for (const lane of chosenLanes()) {
  const began = performance.now();
  const tally = await RUN[lane]();
  passed += tally.passed;
  failed += tally.failed;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stdout.write(
    `\n${lane}: ${tally.passed} passed, ${tally.failed} failed in ${seconds} s\n`,
  );
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
