// SPDX-License-Identifier: Apache-2.0
// Holds a stack without an app until SIGTERM, for tests of what happens to a stack whose owner is ended or vanishes.
import { startStack } from '#scripts/local/stack.ts';

const asked = new Promise((resolve) => process.once('SIGTERM', resolve));
const [directory = '', keyEndpoint = ''] = process.argv.slice(2);
const stack = await startStack({ directory, keyEndpoint, app: null });
process.stdout.write('up\n');
await Promise.race([asked, stack.lost()]);
await stack.stop();
process.exit();
