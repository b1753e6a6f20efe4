// SPDX-License-Identifier: Apache-2.0
// Scenarios of `approve`.
import { answers, fails, type ScenarioTable } from './scenario.ts';

/** No wait is to run out by itself: an emulator that makes time limits a thousandth (`scalesTimeLimits`) waits 10 min. */
const WAIT_SECONDS = 600_000;
const INPUT = {
  operationId: 'apr_00000000000000000000000001',
  attempt: 1,
  wait: { state: 'pending', waitSeconds: WAIT_SECONDS },
};
const decided = (state: string) => ({ result: { state, waitSeconds: 1 } });
const tended = (state: string) => answers({ state, waitSeconds: WAIT_SECONDS });
const executed = answers({ state: 'executed', executedAs: 'op_1' });
const END = ['IsDecided', 'Ended'];
const EXECUTION = ['IsDecided', 'ExecuteApproved', 'Ended'];

export const APPROVE: ScenarioTable = {
  workflow: 'approve',
  scenarios: [
    {
      name: 'executes what was approved',
      input: INPUT,
      stubs: { AwaitDecision: [decided('approved')], ExecuteApproved: [executed] },
      path: ['IsDecided', 'AwaitDecision', ...EXECUTION],
      status: 'SUCCEEDED',
    },
    {
      name: 'ends with a denial',
      input: INPUT,
      stubs: { AwaitDecision: [decided('denied')] },
      path: ['IsDecided', 'AwaitDecision', ...END],
      status: 'SUCCEEDED',
    },
    {
      name: 'reminds, and goes on waiting',
      input: INPUT,
      stubs: {
        AwaitDecision: [fails('States.Timeout'), decided('approved')],
        TendApproval: [tended('pending')],
        ExecuteApproved: [executed],
      },
      path: [
        'IsDecided',
        'AwaitDecision',
        'TendApproval',
        'IsDecided',
        'AwaitDecision',
        ...EXECUTION,
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'ends what nobody decided',
      input: INPUT,
      stubs: { AwaitDecision: [fails('States.Timeout')], TendApproval: [tended('expired')] },
      path: ['IsDecided', 'AwaitDecision', 'TendApproval', ...END],
      status: 'SUCCEEDED',
    },
    {
      name: 'executes what was approved while no execution ran',
      input: { ...INPUT, attempt: 2, wait: { state: 'approved', waitSeconds: 1 } },
      stubs: { ExecuteApproved: [executed] },
      path: EXECUTION,
      status: 'SUCCEEDED',
    },
    {
      name: 'waits for the operation that holds the key',
      input: { ...INPUT, wait: { state: 'approved', waitSeconds: 1 } },
      stubs: { ExecuteApproved: [fails('OperationInProgress'), executed] },
      path: EXECUTION,
      status: 'SUCCEEDED',
    },
    {
      name: 'stops visibly when the ballot cannot be opened',
      input: INPUT,
      stubs: { AwaitDecision: [fails('AccessDenied')] },
      path: ['IsDecided', 'AwaitDecision', 'ApprovalStopped'],
      status: 'FAILED',
      error: 'ApprovalStopped',
    },
    {
      name: 'stops visibly when a request cannot be tended',
      input: INPUT,
      stubs: { AwaitDecision: [fails('States.Timeout')], TendApproval: [fails('AccessDenied')] },
      path: ['IsDecided', 'AwaitDecision', 'TendApproval', 'ApprovalStopped'],
      status: 'FAILED',
      error: 'ApprovalStopped',
    },
    {
      name: 'stops visibly when what was approved cannot be done',
      input: { ...INPUT, wait: { state: 'approved', waitSeconds: 1 } },
      stubs: { ExecuteApproved: [fails('InternalError')] },
      path: ['IsDecided', 'ExecuteApproved', 'ApprovalStopped'],
      status: 'FAILED',
      error: 'ApprovalStopped',
    },
  ],
};
