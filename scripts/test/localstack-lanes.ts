// SPDX-License-Identifier: Apache-2.0
// The lanes that run on LocalStack: its launcher's parts, the scenarios of every workflow, and end-to-end tests.
import { findMaven } from '#scripts/local/emulators/dynamodb-local.ts';
import { findJava } from '#scripts/local/emulators/java.ts';
import { LOCALSTACK_PYTHON_MINOR } from '#scripts/local/emulators/localstack.ts';
import { describe } from '#scripts/local/errors.ts';
import { findPythonOf } from '#scripts/local/python.ts';
import { type Lanes, project } from './lanes.ts';
import { NOT_RUN, type Tally } from './tallies.ts';

/** The main jobs: what `npm run test:localstack` runs within its twenty minutes. */
const MAIN_JOBS = ['rotation', 'approvals', 'plan', 'data-tier', 'pause'];
/** All that LocalStack serves; why not the others is in docs/emulators.md. */
const SERVED = [...MAIN_JOBS, 'revocation', 'containment', 'slack', 'signals', 'detection'];
/** Tests of these files that it cannot serve, by name, each with what LocalStack lacks. */
const NOT_SERVED: Readonly<Record<string, string>> = {
  'cannot be executed by starting its workflow past the votes': 'IAM is not enforced',
};
/** Tests of the smoke test that the files above contain: a rotation, and one that two custodians force. */
const CONTAINED = [
  'rotates a key whose ciphertexts stay readable',
  'forces a rotation past a silent',
];
const SERVED_TESTS = `^(?!.*(${[...Object.keys(NOT_SERVED), ...CONTAINED].join('|')}))`;
const ON_LOCALSTACK = { KEYTURN_EMULATOR: 'localstack' };
const endToEnd = (names: readonly string[]) =>
  project(
    'localstack',
    [
      `--testNamePattern=${SERVED_TESTS}`,
      'test/localstack/',
      ...names.map((name) => `test/e2e/${name}.test.ts`),
    ],
    ON_LOCALSTACK,
  );

/** What this machine lacks for LocalStack, in the words of its message; null when it has all. */
export async function whatIsMissing(): Promise<string | null> {
  try {
    await Promise.all([findPythonOf(LOCALSTACK_PYTHON_MINOR), findJava(), findMaven()]);
    return null;
  } catch (error) {
    return describe(error);
  }
}

/** All of it; `isComplete` with every end-to-end file that it serves. */
export const localStackLanes = (isComplete: boolean): Lanes => ({
  workflows: () =>
    project('integration', ['test/workflows/emulator.integration.test.ts'], ON_LOCALSTACK),
  e2e: () => endToEnd(isComplete ? SERVED : MAIN_JOBS),
});

/** One rotation and one approval. Where LocalStack cannot run it says so, and counts nothing. */
export async function localStackSmoke(): Promise<Tally> {
  const missing = await whatIsMissing();
  if (missing === null) {
    return project('localstack', ['test/localstack/smoke.test.ts'], ON_LOCALSTACK);
  }
  process.stdout.write(`localstack: SKIPPED, ${missing}\n`);
  return NOT_RUN;
}
