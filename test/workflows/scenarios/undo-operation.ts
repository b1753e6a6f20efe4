// SPDX-License-Identifier: Apache-2.0
// Scenarios of `undo-operation`: back before the switch, forward after it, parked when even that fails.
import { allStates, readWorkflow } from '#test/support/asl.ts';
import { type Answer, answers, fails, type Scenario, type ScenarioTable } from './scenario.ts';

const WORKFLOW = 'undo-operation';
const INPUT = {
  operationId: 'op_1',
  key: 'orders',
  fence: 3,
  error: { Error: 'KeyStoreUnavailable', Cause: 'because' },
};
const BACK = [answers({ direction: 'back' })];
const FORWARD = [answers({ direction: 'forward' })];
const UNDO = ['Direct', 'IsPastSwitch', 'ClosePolicy', 'CompensateOperation', 'Compensated'];
const PARK = ['Direct', 'IsPastSwitch', 'ParkOperation', 'Parked'];

/** One scenario for each error that a state retries: it comes once, then the run goes on. */
function retries(): Scenario[] {
  const good: Record<string, Answer> = { Direct: answers({ direction: 'back' }) };
  return allStates(readWorkflow(WORKFLOW)).flatMap(([state, { Retry }]) =>
    (Retry ?? [])
      .flatMap((retrier) => retrier.ErrorEquals)
      .map((error) => {
        const isParking = state === 'ParkOperation';
        const stubs = { Direct: isParking ? FORWARD : BACK };
        return {
          name: `tries ${state} again after ${error}`,
          input: INPUT,
          stubs: { ...stubs, [state]: [fails(error), good[state] ?? answers({})] },
          path: isParking ? PARK : UNDO,
          status: 'FAILED' as const,
          error: isParking ? 'Parked' : 'Compensated',
        };
      }),
  );
}

export const UNDO_OPERATION: ScenarioTable = {
  workflow: WORKFLOW,
  scenarios: [
    {
      name: 'undoes an operation that has not switched',
      input: INPUT,
      stubs: { Direct: BACK },
      path: UNDO,
      status: 'FAILED',
      error: 'Compensated',
    },
    {
      name: 'parks an operation behind the switch',
      input: INPUT,
      stubs: { Direct: FORWARD },
      path: PARK,
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'parks when the direction cannot be found out',
      input: INPUT,
      stubs: { Direct: [fails('InternalError')] },
      path: ['Direct', 'ParkOperation', 'Parked'],
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'parks when the policy cannot be closed',
      input: INPUT,
      stubs: { Direct: BACK, ClosePolicy: [fails('AliasTaken')] },
      path: ['Direct', 'IsPastSwitch', 'ClosePolicy', 'ParkOperation', 'Parked'],
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'parks when compensation fails',
      input: INPUT,
      stubs: { Direct: BACK, CompensateOperation: [fails('TransitionForbidden')] },
      path: [...UNDO.slice(0, -1), 'ParkOperation', 'Parked'],
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'leaves the operation to the sweep when it cannot even be parked',
      input: INPUT,
      stubs: { Direct: FORWARD, ParkOperation: [fails('LeaseLost')] },
      path: ['Direct', 'IsPastSwitch', 'ParkOperation', 'NotParked'],
      status: 'FAILED',
      error: 'NotParked',
    },
    ...retries(),
  ],
};
