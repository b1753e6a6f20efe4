// SPDX-License-Identifier: Apache-2.0
// Runs the Python tests of the launcher for LocalStack, and of the functions' processes, under its own interpreter.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '#scripts/local/commands.ts';
import { LOCALSTACK } from '#scripts/local/emulators/localstack.ts';
import { layoutOf, ROOT } from '#scripts/local/layout.ts';

it('passes the Python tests', async () => {
  const { python } = await LOCALSTACK.prepare(layoutOf('.local', 'localstack'), () => {});
  const tests = join(ROOT, 'test', 'localstack', 'python');

  const { code, output } = await run(python, ['-B', '-m', 'unittest', 'discover', '-s', tests], {
    cwd: tests,
  });

  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('OK') });
}, 300_000);
