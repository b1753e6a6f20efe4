// SPDX-License-Identifier: Apache-2.0
// `npm test`: format, lint, types, then the test projects and a sample of the simulation, each once. Prints one closing
// line `N passed, N failed`.
//   --only check,unit,sample,lib,integration,e2e,crash    a subset, in that order
import { parseArgs } from 'node:util';
import { chosen, counted, type Lanes, project, runLanes, runNode, simulate, sum } from './lanes.ts';

/** A few seconds; `npm run test:deep` plays more. */
const HISTORIES = 200;

const LANES: Lanes = {
  check: async () =>
    sum([
      counted(
        await runNode('node_modules/@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '.']),
      ),
      counted(await runNode('node_modules/typescript/bin/tsc', ['-p', '.'])),
    ]),
  unit: () => project('unit'),
  sample: async () => sum([await simulate('rotation', HISTORIES), await project('fuzz')]),
  lib: () => project('lib'),
  integration: () => project('integration'),
  e2e: () => project('e2e'),
  crash: () => project('crash'),
};

const { values } = parseArgs({ options: { only: { type: 'string' } } });
await runLanes(chosen(LANES, values.only));
