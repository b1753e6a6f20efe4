// SPDX-License-Identifier: Apache-2.0
// `npm run conformance`: what others wrote about AWS KMS, run against the stand-in. Prints what became of each suite and one
// closing line `N passed, N failed`; a test fails the run unless it passes or is listed with a reason.
// An excuse that no test needs any more fails the run as well.
//   --only own,local-kms,moto,ministack,localstack    a subset
//   --suite-dir DIR                                   a checkout of LocalStack, whose KMS tests run too
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '#scripts/local/layout.ts';
import { ensurePython } from '#scripts/local/python.ts';
import { chosen, type Lanes, runLanes } from '#scripts/test/lanes.ts';
import { NOT_RUN, type Tally } from '#scripts/test/tallies.ts';
import { type Entry, excuseFor, listOf } from './inapplicable.ts';
import { runTests, type TestResult } from './pytest.ts';
import { type Prepared, SUITES, type Suite, type Workshop } from './suites.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Tests that want an empty account pass alone; so a failure counts once it is repeated alone. */
async function again(
  python: string,
  suite: Suite,
  prepared: Prepared,
  failure: TestResult,
): Promise<TestResult> {
  if (suite.isSequence === true || !failure.test.includes('::')) return failure;
  const [result = failure] = await runTests(python, suite, prepared, [failure.test]);
  return result;
}

interface Judged {
  passed: number;
  readonly inapplicable: Map<string, number>;
  readonly failures: TestResult[];
  /** Excuses that no failing test needed. */
  readonly stale: Set<Entry>;
}

async function judge(workshop: Workshop, suite: Suite, prepared: Prepared): Promise<Judged> {
  const list = listOf(suite.name);
  const judged: Judged = {
    passed: 0,
    inapplicable: new Map(),
    failures: [],
    stale: new Set(list),
  };
  for (const first of await runTests(workshop.python, suite, prepared)) {
    const excuse = excuseFor(list, first.test);
    const isSilent = excuse?.isSilent === true;
    if (excuse !== undefined && (isSilent || first.outcome !== 'passed'))
      judged.stale.delete(excuse);
    const reason = first.outcome === 'skipped' ? 'skipped by the suite itself' : excuse?.reason;
    const isOpen = first.outcome === 'failed' && reason === undefined;
    const result = isOpen ? await again(workshop.python, suite, prepared, first) : first;
    if (result.outcome === 'passed' && !isSilent) judged.passed += 1;
    else if (reason === undefined) judged.failures.push(result);
    else judged.inapplicable.set(reason, (judged.inapplicable.get(reason) ?? 0) + 1);
  }
  return judged;
}

async function lane(workshop: Workshop, suite: Suite): Promise<Tally> {
  const prepared = await suite.prepare(workshop);
  if (typeof prepared === 'string') {
    say(`${suite.name}: NOT RUN, ${prepared}`);
    return NOT_RUN;
  }
  const { passed, inapplicable, failures, stale } = await judge(workshop, suite, prepared);
  for (const { test, text } of failures) say(`FAILED ${test}\n${text}\n`);
  for (const { pattern } of stale)
    say(`STALE ${pattern}: take it off the list, it passes or is gone`);
  const left = [...inapplicable.values()].reduce((total, count) => total + count, 0);
  const counts = `${passed} passed, ${left} inapplicable, ${failures.length} failed`;
  say(`${suite.name} ${suite.version}: ${counts}`);
  for (const [reason, count] of inapplicable) say(`  ${count} × ${reason}`);
  const names = [...failures.map(({ test }) => test), ...[...stale].map(({ pattern }) => pattern)];
  return { passed, failed: names.length, failures: names };
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, 'suite-dir': { type: 'string' } },
});
const checkout = values['suite-dir'];
const folder = join(ROOT, '.local', 'conformance');
mkdirSync(folder, { recursive: true });
const requirements = join(import.meta.dirname, 'requirements.txt');
const python = await ensurePython(join(folder, 'venv'), say, {
  what: 'what the suites need',
  requirements,
});
const localStack = checkout === undefined ? undefined : resolve(checkout);
const lanes: Lanes = Object.fromEntries(
  SUITES.map((suite) => [suite.name, () => lane({ folder, python, localStack }, suite)]),
);
await runLanes(chosen(lanes, values.only));
