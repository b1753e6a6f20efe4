// SPDX-License-Identifier: Apache-2.0
// `npm run test:deep`: what takes longer than anybody waits for: more histories, more runs of each property, more crashes,
// coverage of core, and a linter of the templates. Prints one closing line `N passed, N failed`.
//   --only simulate,properties,fuzz,templates,crash    a subset, in that order
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  chosen,
  counted,
  type Lanes,
  project,
  ROOT,
  run,
  runLanes,
  runNode,
  simulate,
  sum,
  type Tally,
} from './lanes.ts';

const HISTORIES = 2000;
const RUNS = 2000;
const CRASH_SEEDS = [1, 20_261_123, 4_294_967_291];
const LINTER = 'cfn-lint==1.9.7';
/** A property tried so often takes longer than a usual test. */
const PATIENCE = ['--testTimeout=600000'];
/** A rule that is not covered was never seen to hold; branches leave room for what types alone rule out. */
const COVERAGE = [
  '--coverage',
  '--coverage.include=core/**',
  '--coverage.reporter=text',
  '--coverage.thresholds.lines=100',
  '--coverage.thresholds.branches=95',
];

async function crashes(): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const seed of CRASH_SEEDS) tallies.push(await project('crash', [], { SEED: String(seed) }));
  return sum(tallies);
}

/** The linter in its own Python environment, or null when it cannot be had. */
async function findLinter(): Promise<string | null> {
  const venv = join(ROOT, '.local', 'venv-lint');
  const linter = join(venv, 'bin', 'cfn-lint');
  if (existsSync(linter)) return linter;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', LINTER];
  const isReady =
    (await run('python3', ['-m', 'venv', venv])) === 0 &&
    (await run(join(venv, 'bin', 'python'), pip)) === 0;
  return isReady ? linter : null;
}

async function templates(): Promise<Tally> {
  const linter = await findLinter();
  if (linter === null) {
    process.stdout.write(
      `templates: SKIPPED, ${LINTER} could not be installed; is a Python package index reachable?\n`,
    );
    return { passed: 0, failed: 0 };
  }
  const folder = join('.local', 'lint', 'cdk.out');
  const bundles = join('.local', 'lint', 'functions');
  const synth = ['synth', '--all', '--quiet', '-o', folder, '-c', `bundleFolder=${bundles}`];
  const synthesized = counted(await runNode('node_modules/aws-cdk/bin/cdk', synth));
  if (synthesized.failed > 0) return synthesized;
  return sum([synthesized, counted(await run(linter, [join(folder, '*.template.json')]))]);
}

const LANES: Lanes = {
  simulate: () => simulate('rotation', HISTORIES),
  properties: () => project('unit', [...PATIENCE, ...COVERAGE], { KEYTURN_RUNS: String(RUNS) }),
  fuzz: () => project('fuzz', PATIENCE, { KEYTURN_RUNS: String(RUNS) }),
  templates,
  crash: crashes,
};

const { values } = parseArgs({ options: { only: { type: 'string' } } });
await runLanes(chosen(LANES, values.only));
