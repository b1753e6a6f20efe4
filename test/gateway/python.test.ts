// SPDX-License-Identifier: Apache-2.0
// Runs the Python tests of the launcher under the interpreter of the local stack.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '#scripts/local/commands.ts';
import { layoutOf, ROOT } from '#scripts/local/layout.ts';
import { ensurePython } from '#scripts/local/python.ts';

it('passes the Python tests', async () => {
  const python = await ensurePython(layoutOf('.local').venv, () => {});
  const tests = join(ROOT, 'test', 'gateway', 'python');

  const { code, output } = await run(python, ['-B', '-m', 'unittest', 'discover', '-s', tests], {
    cwd: tests,
  });

  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('OK') });
});
