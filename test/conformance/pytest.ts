// SPDX-License-Identifier: Apache-2.0
// Runs pytest against an emulator of its own, and reads what became of each test.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { ensureSoftHsm } from '#adapters/pkcs11/softhsm.ts';
import { run } from '#scripts/local/commands.ts';
import { DEFAULT_DIRECTORY, ROOT } from '#scripts/local/layout.ts';
import { spawnEmulator } from '../emulator/child.ts';
import type { Prepared, Suite } from './suites.ts';

const HARNESS = join(import.meta.dirname, 'harness');

const Result = z.object({
  test: z.string(),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  text: z.string(),
});

/** What became of a test. */
export type TestResult = z.infer<typeof Result>;

function readResults(path: string, output: string): readonly TestResult[] {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  const results = lines.filter((line) => line !== '').map((line) => Result.parse(JSON.parse(line)));
  // A suite that does not start has no test to fail, and fails all the same.
  const nothing = { test: 'pytest', outcome: 'failed', text: output.slice(-4000) } as const;
  return results.length === 0 ? [nothing] : results;
}

/** Runs the tests given, or all of the suite, on a new emulator that is gone afterwards. */
export async function runTests(
  python: string,
  suite: Suite,
  prepared: Prepared,
  tests: readonly string[] = [prepared.tests],
): Promise<readonly TestResult[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'keyturn-conformance-'));
  const data = join(scratch, 'data');
  const report = join(scratch, 'report.jsonl');
  const emulator = await spawnEmulator('--data', data, '--account', suite.account);
  const env = {
    ...process.env,
    ...suite.variables,
    PYTHONPATH: [HARNESS, join(HARNESS, 'names'), prepared.folder].join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    AWS_ENDPOINT_URL: emulator.url,
    KMS_URL: emulator.url,
    MINISTACK_ENDPOINT: emulator.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // Python's SDK reads the first, JavaScript's the second.
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
    KEYTURN_NODE: process.execPath,
    KEYTURN_SOFTHSM: (await ensureSoftHsm(join(ROOT, DEFAULT_DIRECTORY))).modulePath,
    KEYTURN_DATA: data,
    KEYTURN_REPORT: report,
  };
  const options = ['-p', 'keyturn_conformance', '-p', 'no:cacheprovider', '-q', '--color=no'];
  const args = ['-m', 'pytest', ...options, '--continue-on-collection-errors', ...tests];
  try {
    const { output } = await run(python, args, { cwd: prepared.folder, env });
    return readResults(report, output);
  } finally {
    await emulator.end('SIGTERM');
    rmSync(scratch, { recursive: true, force: true });
  }
}
