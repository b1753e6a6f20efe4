// SPDX-License-Identifier: Apache-2.0
// `functions`: what a first call waits for. Sizes of the bundles as they are deployed, and how long a fresh process takes to
// load one with the variables of the deployed function; baseline: the same process with an empty module. Lambda's own part
// of a cold start, which is to fetch the bundle and start a sandbox, only AWS shows.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FUNCTION_NAMES, type FunctionName } from '#core/contract/environment.ts';
import { bundleHandlers } from '#lib/bundling/bundle-handlers.ts';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { signedWith } from '#scripts/local/story/actors.ts';
import type { MeasuredStack } from './local-stack.ts';
import type { Report } from './report.ts';
import { median, percentile } from './slices.ts';

const NAME = 'functions';
/** Those that somebody waits for: a key is to be stopped, used, decided on, or shown to be stopped. */
const WAITED_FOR: readonly FunctionName[] = [
  'contain-keys',
  'use-key',
  'cast-vote',
  'answer-slack',
  'answer-mail',
  'authorize-person',
  'serve-status',
];
const LOADS = 7;
const KILOBYTE = 1024;
const LOAD =
  'const t=performance.now();await import(process.argv[1]);console.log(performance.now()-t);process.exit(0)';

function loadMilliseconds(file: string, variables: Readonly<Record<string, string>>): number {
  const times = Array.from({ length: LOADS }, () => {
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', LOAD, file], {
      env: { ...process.env, ...variables },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(output.trim().split('\n').at(-1));
  });
  return median(times);
}

async function variablesOf({ stack }: MeasuredStack, name: FunctionName) {
  const { gatewayUrl, region, stage } = stack.info;
  const url = `${gatewayUrl}/2015-03-31/functions/keyturn-${stage}-${name}/configuration`;
  const request = { method: 'GET', url, headers: {}, body: '' };
  const headers = await signedWith(ROOT_KEY, region, 'lambda')(request);
  const answer = await fetch(url, { headers });
  const { Environment } = (await answer.json()) as {
    readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
  };
  return Environment.Variables;
}

/** Rows `functions.*`. */
export async function measureFunctions(measured: MeasuredStack, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-bundles-'));
  try {
    const bundles = bundleHandlers({
      names: FUNCTION_NAMES,
      sourceFolder: 'functions',
      outputFolder: join(folder, 'bundles'),
    });
    const fileOf = (name: string) => join(bundles.get(name) ?? '', 'index.mjs');
    const sizes = FUNCTION_NAMES.map((name) => statSync(fileOf(name)).size / KILOBYTE);
    report.value(`${NAME}.bundle, median of ${sizes.length}`, median(sizes), 'KB');
    report.value(`${NAME}.bundle, largest`, percentile(sizes, 1), 'KB');
    const empty = join(folder, 'empty.mjs');
    writeFileSync(empty, 'export const handler = async () => ({});\n');
    const baseline = loadMilliseconds(empty, {});
    for (const name of WAITED_FOR) {
      const zipped = gzipSync(readFileSync(fileOf(name))).length / KILOBYTE;
      report.beside(
        `${NAME}.bundle.${name}, compressed`,
        zipped,
        'KB',
        statSync(fileOf(name)).size / KILOBYTE,
      );
      const took = loadMilliseconds(fileOf(name), await variablesOf(measured, name));
      report.beside(`${NAME}.load.${name}`, took, 'ms', baseline);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
