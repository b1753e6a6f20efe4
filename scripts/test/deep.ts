// SPDX-License-Identifier: Apache-2.0
// `npm run test:deep`: what takes longer than anybody waits for: more histories, more runs of each property, more crashes,
// coverage of core, a linter of the templates, peers' tests of KMS, and LocalStack. Prints one closing line `N passed, N failed`.
//   --only simulate,properties,fuzz,templates,conformance,crash,kills,localstack    a subset, in that order
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosen, type Lanes, project, ROOT, run, runLanes, runNode, simulate } from './lanes.ts';
import { localStackLanes } from './localstack-lanes.ts';
import { counted, NOT_RUN, sum, type Tally } from './tallies.ts';

const HISTORIES = 2000;
const RUNS = 2000;
const KILLS = 45;
const CRASH_SEEDS = [1, 20_261_123, 4_294_967_291];
/** Older ones do not know the runtime of the functions. */
const LINTER = 'cfn-lint==1.58.0';
const STAGES = ['test', 'production'];
const IDENTITY = {
  issuer: 'https://login.example/',
  jwksUrl: 'https://login.example/keys',
  audience: 'keyturn',
};
const CLUSTER = {
  hsmType: 'hsm2m.medium',
  vpcId: 'vpc-0a1b2c3d4e5f60718',
  subnetIds: ['subnet-0a1b2c3d4e5f60718', 'subnet-0b1c2d3e4f5061728'],
  zones: ['a', 'b'],
};
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

/** The stand-in is killed in the middle of calls, on one data folder each. */
async function kills(): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const seed of CRASH_SEEDS) {
    const variables = { SEED: String(seed), KEYTURN_KILLS: String(KILLS) };
    tallies.push(await project('integration', ['test/emulator/kill-loop.test.ts'], variables));
  }
  return sum(tallies);
}

/** The linter in its own Python environment, or null when it cannot be had. */
async function findLinter(): Promise<string | null> {
  const venv = join(ROOT, '.local', 'venv-lint');
  const linter = join(venv, 'bin', 'cfn-lint');
  const stamp = join(venv, '.keyturn-linter');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === LINTER) return linter;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', LINTER];
  const isReady =
    (await run('python3', ['-m', 'venv', venv])) === 0 &&
    (await run(join(venv, 'bin', 'python'), pip)) === 0;
  if (isReady) writeFileSync(stamp, LINTER);
  return isReady ? linter : null;
}

/** Synthesizes a stage as somebody who deploys it would. @returns the folder of its templates, or null */
async function synthesize(stage: string): Promise<string | null> {
  const folder = join('.local', 'lint', stage);
  mkdirSync(join(ROOT, folder), { recursive: true });
  const settings = join(ROOT, folder, 'settings.json');
  writeFileSync(settings, JSON.stringify({ identity: IDENTITY, cluster: CLUSTER }));
  const context = {
    stage,
    account: '111122223333',
    region: 'eu-west-1',
    settings,
    bundleFolder: join(folder, 'functions'),
  };
  const code = await runNode('node_modules/aws-cdk/bin/cdk', [
    'synth',
    '--quiet',
    ...['-o', join(folder, 'cdk.out')],
    ...Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  return code === 0 ? join(folder, 'cdk.out') : null;
}

/** The templates of the stages, by AWS's own rules. */
async function templates(): Promise<Tally> {
  const linter = await findLinter();
  if (linter === null) {
    process.stdout.write(
      `templates: SKIPPED, ${LINTER} could not be installed; is a Python package index reachable?\n`,
    );
    return NOT_RUN;
  }
  const tallies: Tally[] = [];
  for (const stage of STAGES) {
    const folder = await synthesize(stage);
    const code = folder === null ? 1 : await run(linter, [join(folder, '**', '*.template.json')]);
    tallies.push(counted(`the templates of stage ${stage}`, code));
  }
  return sum(tallies);
}

async function localstack(): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const lane of Object.values(localStackLanes(true))) tallies.push(await lane());
  return sum(tallies);
}

const LANES: Lanes = {
  simulate: () => simulate('rotation', HISTORIES),
  properties: () => project('unit', [...PATIENCE, ...COVERAGE], { KEYTURN_RUNS: String(RUNS) }),
  fuzz: () => project('fuzz', PATIENCE, { KEYTURN_RUNS: String(RUNS) }),
  templates,
  conformance: async () => counted('conformance', await runNode('test/conformance/main.ts', [])),
  crash: crashes,
  kills,
  localstack,
};

const { values } = parseArgs({ options: { only: { type: 'string' } } });
await runLanes(chosen(LANES, values.only));
