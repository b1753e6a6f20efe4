// SPDX-License-Identifier: Apache-2.0
// Scenarios of `destroy-key`.
import { answers, fails, type Scenario, type ScenarioTable } from './scenario.ts';

const INPUT = { operationId: 'des_1', attempt: 1, key: 'orders', version: 1 };
const next = (step: string) => answers({ step });
const STEPS = {
  remove: 'RemoveVersion',
  restore: 'RestoreVersion',
  verify: 'VerifyDestruction',
  certify: 'CertifyDestruction',
} as const;

/** The steps one after the other, then rest. */
function doing(name: string, steps: readonly (keyof typeof STEPS)[]): Scenario {
  const [first = 'rest', ...more] = steps;
  return {
    name,
    input: INPUT,
    stubs: { LookAtDestruction: [next(first)], NextStep: [...more.map(next), next('rest')] },
    path: [
      'LookAtDestruction',
      'WhatNext',
      ...steps.flatMap((step) => [STEPS[step], 'NextStep', 'WhatNext']),
      'Rests',
    ],
    status: 'SUCCEEDED',
  };
}

const stopped = (state: string, step = 'rest', before: readonly string[] = []): Scenario => ({
  name: `leaves the record as it is when ${state} fails`,
  input: INPUT,
  stubs: {
    LookAtDestruction: [state === 'LookAtDestruction' ? fails('AccessDenied') : next(step)],
    [state]: [fails('AccessDenied')],
  },
  path: [...before, state, 'DestructionStopped'],
  status: 'FAILED',
  error: 'DestructionStopped',
});
const BEFORE = ['LookAtDestruction', 'WhatNext'];

export const DESTROY_KEY: ScenarioTable = {
  workflow: 'destroy-key',
  scenarios: [
    doing('disables the key, and leaves the wait to the sweep', ['remove']),
    doing('finds it gone, and certifies that', ['verify', 'certify']),
    doing('gives it back', ['restore']),
    doing('has nothing to do', []),
    stopped('LookAtDestruction'),
    stopped('NextStep', 'remove', [...BEFORE, 'RemoveVersion']),
    stopped('RemoveVersion', 'remove', BEFORE),
    stopped('RestoreVersion', 'restore', BEFORE),
    stopped('VerifyDestruction', 'verify', BEFORE),
    stopped('CertifyDestruction', 'certify', BEFORE),
  ],
};
