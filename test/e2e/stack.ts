// SPDX-License-Identifier: Apache-2.0
// The stack of the end-to-end lane: the whole app, IAM enforced, TLS on, KMS eventually consistent by 1 to 3 seconds.
// It has a directory of its own, so that a stack of `npm start` is left alone.
import type { TestProject } from 'vitest/node';
import { KEYTURN_APP } from '#scripts/local/deployment.ts';
import { startStack } from '#scripts/local/stack.ts';
import { type StackInfo, updateStackFile } from '#scripts/local/stack-file.ts';
import { personClient } from '#scripts/local/story/actors.ts';
import { provisionKeyStore } from '#scripts/local/story/hsm-admin.ts';
import { EMULATOR_UNDER_TEST } from '#test/support/emulator.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackInfo;
    stackFile: string;
    /** Where the stack lies, relative to the repository. */
    directory: string;
  }
}

/** One for each emulator, because a stack of the one is no stack of the other, and for each part of a lane that runs in parts. */
const DIRECTORY = [
  '.local-test',
  ...(EMULATOR_UNDER_TEST === 'ministack' ? [] : [EMULATOR_UNDER_TEST]),
  ...(process.env['KEYTURN_TEST_PART'] ? [`part-${process.env['KEYTURN_TEST_PART']}`] : []),
].join('-');
const KEY_STORE = 'keyturn-local';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({
    emulator: EMULATOR_UNDER_TEST,
    directory: DIRECTORY,
    // A parked operation is taken up again soon, so that a test can wait for it.
    app: { ...KEYTURN_APP, context: { retryAfterSeconds: '3' } },
    consistencyDelay: { min: 1, max: 3, seed: 7 },
    log: (line) => process.stdout.write(`  ${line}\n`),
  });
  try {
    const operator = await personClient(stack.info, 'alice');
    const site = { operator, stack: stack.info, directory: DIRECTORY };
    const keyStoreId = await provisionKeyStore(site, KEY_STORE);
    project.provide('stack', updateStackFile(DIRECTORY, { keyStoreId }));
    project.provide('directory', DIRECTORY);
    project.provide('stackFile', stack.layout.stackFile);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return async () => {
    await stack.stop();
  };
}
