// SPDX-License-Identifier: Apache-2.0
// Scenarios of `revoke-key` and `resume-key`: they only go forward, so every failure parks them.
import { BEGUN, INPUT, retries } from './generate-key.ts';
import { answers, fails, type Scenario, type ScenarioTable } from './scenario.ts';

const REVOKE = [
  'BeginOperation',
  'EnforceContainment',
  'Settle',
  'RepeatContainment',
  'ProbeContainment',
  'SettleAgain',
  'ConfirmContainment',
  'CompleteOperation',
  'WhatIsDue',
  'Completed',
];
const RESUME = [
  'BeginOperation',
  'LiftContainment',
  'Settle',
  'ProbeLifted',
  'CompleteOperation',
  'WhatIsDue',
  'Completed',
];
const NO_STEPS = ['Settle', 'SettleAgain', 'WhatIsDue', 'Completed'];
const completed = (goesOn: boolean) => answers({ goesOn, executionName: 'op_1' });
const DONE = { CompleteOperation: completed(false) };
const STUBS = { BeginOperation: [BEGUN], CompleteOperation: [DONE.CompleteOperation] };

function common(path: readonly string[], side: string): readonly Scenario[] {
  const parks = (state: string, error: string): Scenario => ({
    name: `parks when ${state} answers ${error}`,
    input: INPUT,
    stubs: { BeginOperation: [BEGUN], [state]: [fails(error)] },
    path: [...path.slice(0, path.indexOf(state) + 1), 'ParkOperation', 'Parked'],
    status: 'FAILED',
    error: 'Parked',
  });
  return [
    {
      name: 'runs from the lease to the end',
      input: INPUT,
      stubs: STUBS,
      path,
      status: 'SUCCEEDED',
    },
    ...[answers({}), fails('StepFunctions.ExecutionLimitExceededException')].map((answer) => ({
      name: `has the sweep go on with the key, which ${'error' in answer ? 'fails' : 'begins'}`,
      input: INPUT,
      stubs: { ...STUBS, CompleteOperation: [completed(true)], StartSweep: [answer] },
      path: [...path.slice(0, -1), 'StartSweep', 'Completed'],
      status: 'SUCCEEDED' as const,
    })),
    {
      name: 'does nothing when this attempt does not hold the operation',
      input: INPUT,
      stubs: { BeginOperation: [fails('LeaseLost')] },
      path: ['BeginOperation', 'NotBegun'],
      status: 'FAILED',
      error: 'NotBegun',
    },
    ...path
      .slice(1)
      .filter((state) => !NO_STEPS.includes(state))
      .map((state) => parks(state, 'InternalError')),
    parks(side, 'KeyStoreUnavailable'),
    {
      name: 'leaves the operation to the sweep when it cannot even be parked',
      input: INPUT,
      stubs: {
        BeginOperation: [BEGUN],
        [side]: [fails('AccessDenied')],
        ParkOperation: [fails('LeaseLost')],
      },
      path: [...path.slice(0, path.indexOf(side) + 1), 'ParkOperation', 'NotParked'],
      status: 'FAILED',
      error: 'NotParked',
    },
  ];
}

export const REVOKE_KEY: ScenarioTable = {
  workflow: 'revoke-key',
  scenarios: [
    ...common(REVOKE, 'EnforceContainment'),
    {
      name: 'asks until no call of the operation before can be under way, and until KMS refuses',
      input: INPUT,
      stubs: {
        ...STUBS,
        RepeatContainment: [fails('ProbeNotYetConclusive'), answers({})],
        ProbeContainment: [fails('ProbeNotYetConclusive'), answers({})],
        ConfirmContainment: [fails('ProbeNotYetConclusive'), answers({})],
      },
      path: REVOKE,
      status: 'SUCCEEDED',
    },
    ...retries('revoke-key', REVOKE, BEGUN, DONE),
  ],
};

export const RESUME_KEY: ScenarioTable = {
  workflow: 'resume-key',
  scenarios: [...common(RESUME, 'LiftContainment'), ...retries('resume-key', RESUME, BEGUN, DONE)],
};
