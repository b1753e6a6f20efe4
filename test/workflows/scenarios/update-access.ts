// SPDX-License-Identifier: Apache-2.0
// Scenarios of `update-access`: it only goes forward, so every failure parks it.
import { BEGUN, INPUT, retries } from './generate-key.ts';
import { fails, type Scenario, type ScenarioTable } from './scenario.ts';

const PATH = ['BeginOperation', 'ApplyAccess', 'Settle', 'ProbeAccess', 'CompleteOperation'];

function parks(state: string): Scenario {
  return {
    name: `parks the operation when ${state} fails`,
    input: INPUT,
    stubs: { BeginOperation: [BEGUN], [state]: [fails('AccessDenied')] },
    path: [...PATH.slice(0, PATH.indexOf(state) + 1), 'ParkOperation', 'Parked'],
    status: 'FAILED',
    error: 'Parked',
  };
}

export const UPDATE_ACCESS: ScenarioTable = {
  workflow: 'update-access',
  scenarios: [
    {
      name: 'runs from the lease to the end',
      input: INPUT,
      stubs: { BeginOperation: [BEGUN] },
      path: PATH,
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
    parks('ApplyAccess'),
    parks('CompleteOperation'),
    {
      name: 'parks when a policy never shows',
      input: INPUT,
      stubs: { BeginOperation: [BEGUN], ProbeAccess: [fails('ProbeNotYetConclusive')] },
      path: ['BeginOperation', 'ApplyAccess', 'Settle', 'ProbeAccess', 'ParkOperation', 'Parked'],
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'leaves the operation to the sweep when it cannot even be parked',
      input: INPUT,
      stubs: {
        BeginOperation: [BEGUN],
        ApplyAccess: [fails('AccessDenied')],
        ParkOperation: [fails('LeaseLost')],
      },
      path: ['BeginOperation', 'ApplyAccess', 'ParkOperation', 'NotParked'],
      status: 'FAILED',
      error: 'NotParked',
    },
    ...retries('update-access', PATH),
  ],
};
