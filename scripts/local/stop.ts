// SPDX-License-Identifier: Apache-2.0
// `npm run stop`: ends a running local stack, saving its state, and touches no process it did not start.
import { parseArgs } from 'node:util';
import { describe } from './errors.ts';
import { DEFAULT_DIRECTORY } from './layout.ts';
import { stopDirectory } from './stopping.ts';

const { values } = parseArgs({
  options: { directory: { type: 'string', default: DEFAULT_DIRECTORY } },
});

try {
  process.stdout.write(`${await stopDirectory(values.directory)}\n`);
} catch (error) {
  process.stderr.write(`keyturn: ${describe(error)}\n`);
  process.exitCode = 1;
}
