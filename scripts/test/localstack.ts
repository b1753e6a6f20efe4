// SPDX-License-Identifier: Apache-2.0
// `npm run test:localstack`: the workflows' scenarios and the main end-to-end tests on LocalStack instead of the everyday
// emulator. Prints one closing line `N passed, N failed`. @see docs/localstack.md
//   --only workflows,e2e    a subset, in that order
//   --all                   every end-to-end file that LocalStack serves: much longer
import { parseArgs } from 'node:util';
import { chosen, runLanes } from './lanes.ts';
import { localStackLanes, whatIsMissing } from './localstack-lanes.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, all: { type: 'boolean', default: false } },
});
const missing = await whatIsMissing();
if (missing === null) {
  await runLanes(chosen(localStackLanes(values.all), values.only));
} else {
  process.stderr.write(`keyturn: ${missing}\n`);
  process.exitCode = 1;
}
