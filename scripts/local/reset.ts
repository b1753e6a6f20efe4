// SPDX-License-Identifier: Apache-2.0
// `npm run reset`: stops the local stack and removes its state. What was installed stays, unless `--all`.
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { describe } from './errors.ts';
import { DEFAULT_DIRECTORY, layoutOf } from './layout.ts';
import { stopDirectory } from './stopping.ts';

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: DEFAULT_DIRECTORY },
    all: { type: 'boolean', default: false },
  },
});

try {
  await stopDirectory(values.directory);
  const layout = layoutOf(values.directory);
  const installed = [basename(layout.venv), basename(layout.softHsm)];
  for (const name of readdirSync(layout.directory)) {
    if (values.all || !installed.includes(name)) {
      rmSync(join(layout.directory, name), { recursive: true, force: true });
    }
  }
  process.stdout.write(`removed the state in ${layout.directory}\n`);
} catch (error) {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    process.stdout.write('nothing to remove\n');
  } else {
    process.stderr.write(`keyturn: ${describe(error)}\n`);
    process.exitCode = 1;
  }
}
