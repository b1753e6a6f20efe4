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
];
const RESUME = ['BeginOperation', 'LiftContainment', 'Settle', 'ProbeLifted', 'CompleteOperation'];

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
      stubs: { BeginOperation: [BEGUN] },
      path,
      status: 'SUCCEEDED',
    },
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
      .filter((state) => !state.startsWith('Settle'))
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
        BeginOperation: [BEGUN],
        RepeatContainment: [fails('ProbeNotYetConclusive'), answers({})],
        ProbeContainment: [fails('ProbeNotYetConclusive'), answers({})],
        ConfirmContainment: [fails('ProbeNotYetConclusive'), answers({})],
      },
      path: REVOKE,
      status: 'SUCCEEDED',
    },
    ...retries('revoke-key', REVOKE),
  ],
};

export const RESUME_KEY: ScenarioTable = {
  workflow: 'resume-key',
  scenarios: [...common(RESUME, 'LiftContainment'), ...retries('resume-key', RESUME)],
};
