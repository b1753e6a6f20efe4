// SPDX-License-Identifier: Apache-2.0
// Scenarios of `rotate-data-key`: one step for each operation of a batch; one that fails is handed over.
import { allStates, readWorkflow } from '#test/support/asl.ts';
import { answers, fails, type Scenario, type ScenarioTable } from './scenario.ts';

const WORKFLOW = 'rotate-data-key';
const STEP = 'MakeDataKey';
const UNDO = 'UndoMakeDataKeys';
const LEFT = 'NotMade';
const item = (id: string) => ({
  operationId: id,
  key: `key-of-${id}`,
  fence: 3,
  attempt: 2,
  executionName: `${id}-2`,
});
const input = (...groups: string[][]) => ({
  entry: 'data',
  settleSeconds: 0,
  bakeSeconds: 0,
  groups: groups.map((ids) => ({ items: ids.map(item) })),
});

const one = (name: string, stubs: Scenario['stubs'], ...states: string[]): Scenario => ({
  name,
  input: input(['op_1']),
  stubs,
  path: ['MakeDataKeys', 'MakeDataKeysEach', STEP, ...states],
  status: 'SUCCEEDED',
});
const FAILING = { [STEP]: [fails('KeyNotUsable')] };
const LOST = [fails('StepFunctions.ExecutionAlreadyExistsException')];

export const ROTATE_DATA_KEY: ScenarioTable = {
  workflow: WORKFLOW,
  scenarios: [
    one('makes a data key in one step', {}),
    {
      ...one('takes every group of a batch', {}),
      input: input(['op_1'], ['op_2']),
      path: ['MakeDataKeys', 'MakeDataKeysEach', STEP, 'MakeDataKeysEach', STEP],
    },
    one('hands the operation over when a data key cannot be made', FAILING, UNDO, LEFT),
    one(
      'leaves it to its lease when it cannot be handed over',
      { ...FAILING, [UNDO]: LOST },
      UNDO,
      LEFT,
    ),
    ...['LeaseLost', 'StepOutOfOrder', 'AcknowledgementsPending'].map((error) =>
      one(`leaves the operation alone after ${error}`, { [STEP]: [fails(error)] }, LEFT),
    ),
    ...allStates(readWorkflow(WORKFLOW))
      .filter(([state]) => state === STEP)
      .flatMap(([, { Retry }]) => (Retry ?? []).flatMap((retrier) => retrier.ErrorEquals))
      .map((error) =>
        one(`tries ${STEP} again after ${error}`, { [STEP]: [fails(error), answers({})] }),
      ),
  ],
};
