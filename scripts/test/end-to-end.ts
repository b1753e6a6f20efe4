// SPDX-License-Identifier: Apache-2.0
// The end-to-end lane in two parts at once, each with a stack of its own: its tests mostly wait for what they began.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { project, ROOT } from './lanes.ts';
import { sum, type Tally } from './tallies.ts';

const FOLDER = join(ROOT, 'test', 'e2e');

/** Files in two parts of about the same length, as far as their sizes tell: dealt out from the largest to the smallest. */
export function parts(): readonly [readonly string[], readonly string[]] {
  const files = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => ({ name, size: statSync(join(FOLDER, name)).size }))
    .toSorted((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1))
    .map(({ name }) => `test/e2e/${name}`);
  return [files.filter((_, index) => index % 2 === 0), files.filter((_, index) => index % 2 === 1)];
}

/** Both parts; what the second prints is shown behind the first. */
export async function endToEnd(): Promise<Tally> {
  const kept: string[] = [];
  const [first, second] = parts();
  const tallies = await Promise.all([
    project('e2e', first, { KEYTURN_TEST_PART: '1' }),
    project('e2e', second, { KEYTURN_TEST_PART: '2' }, (line) => kept.push(line)),
  ]);
  process.stdout.write(`${kept.join('\n')}\n`);
  return sum(tallies);
}
