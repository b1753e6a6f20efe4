// SPDX-License-Identifier: Apache-2.0
// Everything that tests put into the system's folder for temporary files goes into one folder of the run, which is
// removed at its end: also what a library left there, and what a file forgot or could not remove because it died.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Vitest calls it before it starts workers, which inherit the environment. */
export default function setup(): () => void {
  const before = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-run-'));
  process.env['TMPDIR'] = folder;
  return () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(folder, { recursive: true, force: true });
  };
}
