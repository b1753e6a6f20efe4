// SPDX-License-Identifier: Apache-2.0
// `rotation-cost.data`: what a rotation of the data tier costs, counted as that of the kms tier is.
import { watch } from '#scripts/local/story/rotation.ts';
import { activeKeys, each, type MeasuredStack } from './local-stack.ts';
import { PRICES } from './prices.ts';
import type { Report } from './report.ts';
import {
  batchExecution,
  callsOf,
  orchestrationOf,
  orchestrationUsd,
  rotateBySweep,
  sfnOf,
  trail,
} from './rotation-cost.ts';

const NAME = 'rotation-cost.data';

async function dataKeys(measured: MeasuredStack, count: number): Promise<string[]> {
  const { operator } = measured;
  const [parent = ''] = await activeKeys(measured, 1);
  const run = Date.now().toString(36);
  const names = Array.from({ length: count }, (_, index) => `bench-data-${run}-${index}`);
  await each(names, async (name) => {
    const { body } = await operator.createKey({
      name,
      class: 'test',
      owner: 'payments',
      purpose: 'bench',
      environment: 'development',
      tier: 'data',
      parent,
      access: [],
    });
    const { state, cause } = await watch(operator, body.operationId, () => {});
    if (state !== 'done') throw new Error(`${name} was not generated: ${cause}`);
  });
  return names;
}

/** Counts a batch of rotations. */
export async function measureDataRotationCost(
  measured: MeasuredStack,
  report: Report,
  batch: number,
): Promise<void> {
  const sfn = sfnOf(measured);
  const names = await dataKeys(measured, batch);
  const { next } = await trail(measured, 0);
  await rotateBySweep(measured, sfn, names);
  const calls = callsOf((await trail(measured, next)).events);
  const execution = await batchExecution(measured, sfn, 'rotate-data-key');
  const whole = await orchestrationOf(sfn, execution);
  const one = {
    transitions: whole.transitions / batch,
    children: whole.children / batch,
    invocations: whole.invocations / batch,
  };
  report.value(`${NAME}.batch-size`, batch, 'rotations');
  const transitions = one.transitions + one.children;
  report.value(`${NAME}.state-transitions`, transitions, 'transitions/rotation');
  report.value(`${NAME}.express-executions`, one.children, 'executions/rotation');
  report.value(`${NAME}.function-invocations`, one.invocations, 'invocations/rotation');
  const usd = orchestrationUsd(one) * 1000;
  report.value(`${NAME}.orchestration-usd-per-1000`, usd, 'USD');
  const total = Object.values(calls).reduce((sum, count) => sum + count, 0) / batch;
  report.value(`${NAME}.kms-calls`, total, 'calls/rotation');
  report.value(`${NAME}.kms-usd-per-1000`, total * PRICES.kmsRequest * 1000, 'USD');
  report.value(`${NAME}.standing-usd-per-version-month`, 0, 'USD');
}
