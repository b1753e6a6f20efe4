// SPDX-License-Identifier: Apache-2.0
// `npm test`: format, lint, types, then the test projects, a sample of the simulation, and a smoke test on LocalStack
// where it can run. Prints one closing line `N passed, N failed`.
//   --only check,unit,sample,lib,localstack,integration,e2e,crash    a subset, in that order
import { parseArgs } from 'node:util';
import { endToEnd } from './end-to-end.ts';
import { beginEarly, chosen, type Lanes, project, runLanes, runNode, simulate } from './lanes.ts';
import { localStackSmoke } from './localstack-lanes.ts';
import { counted, sum } from './tallies.ts';

/** A few seconds; `npm run test:deep` plays more. */
const HISTORIES = 200;

const LANES: Lanes = {
  check: async () =>
    sum([
      counted(
        'format and lint',
        await runNode('node_modules/@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '.']),
      ),
      counted('types', await runNode('node_modules/typescript/bin/tsc', ['-p', '.'])),
    ]),
  unit: () => project('unit'),
  sample: async () => sum([await simulate('rotation', HISTORIES), await project('fuzz')]),
  lib: () => project('lib'),
  localstack: localStackSmoke,
  integration: () => project('integration'),
  e2e: endToEnd,
  crash: () => project('crash'),
};

const { values } = parseArgs({ options: { only: { type: 'string' } } });
// Tests against the deployed app mostly wait for it; those of the emulators mostly compute.
const BESIDE = [
  ['localstack', 'check'],
  ['e2e', 'integration'],
  ['crash', 'e2e'],
] as const;
const lanes = BESIDE.reduce(
  (all: Lanes, [name, beside]) => beginEarly(all, name, beside),
  chosen(LANES, values.only),
);
await runLanes(lanes);
