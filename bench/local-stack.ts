// SPDX-License-Identifier: Apache-2.0
// The local stack that rotations are measured on: the whole app, waits 0, KMS consistent at once.
import { rmSync } from 'node:fs';
import type { RequestOf } from '#client/sdk/index.ts';
import { KEYTURN_APP } from '#scripts/local/deployment.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';
import { personClient } from '#scripts/local/story/actors.ts';
import { provisionKeyStore } from '#scripts/local/story/hsm-admin.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { trustAuthority } from '#scripts/local/tls.ts';

type Operator = Awaited<ReturnType<typeof personClient>>;

const DIRECTORY = '.local-bench';
export const KEY_STORE = 'keyturn-local';
/** Requests at once: the API's own limit is higher, the two cores are not. */
const AT_ONCE = 5;

export interface MeasuredStack {
  readonly stack: Stack;
  readonly operator: Operator;
  readonly keyStoreId: string;
}

export async function startMeasuredStack(): Promise<MeasuredStack> {
  const context = { settleSeconds: '0', bakeSeconds: '0', maxRotationsPerSweep: '1000' };
  const stack = await startStack({ directory: DIRECTORY, app: { ...KEYTURN_APP, context } });
  try {
    trustAuthority(stack.info.caFile);
    const operator = await personClient(stack.info, 'alice');
    const site = { operator, stack: stack.info, directory: DIRECTORY };
    return { stack, operator, keyStoreId: await provisionKeyStore(site, KEY_STORE) };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Ends the stack. Each run measures on an empty one, so nothing of it is kept. */
export async function stopMeasuredStack({ stack }: MeasuredStack): Promise<void> {
  await stack.stop();
  rmSync(stack.layout.directory, { recursive: true, force: true });
}

/** Does work for each item, a few at a time. */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  atOnce = AT_ONCE,
) {
  const pending = items.values();
  const worker = async () => {
    for (const item of pending) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Generates active keys, that those who are named may use. @returns their names */
export async function activeKeys(
  { operator }: MeasuredStack,
  count: number,
  access: RequestOf<'createKey'>['access'] = [],
  owner = 'payments',
): Promise<string[]> {
  const run = Date.now().toString(36);
  const names = Array.from({ length: count }, (_, index) => `bench-${run}-${index}`);
  await each(names, async (name) => {
    const { body } = await operator.createKey({
      name,
      class: 'test',
      owner,
      purpose: 'bench',
      environment: 'development',
      access,
    });
    const { state, cause } = await watch(operator, body.operationId, () => {});
    if (state !== 'done') throw new Error(`${name} was not generated: ${cause}`);
  });
  return names;
}
