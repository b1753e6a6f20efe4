// SPDX-License-Identifier: Apache-2.0
// Scenarios of `generate-key` and `adopt-key`: back before the switch, forward after it.
import { allStates, readWorkflow } from '#test/support/asl.ts';
import { type Answer, answers, fails, type Scenario, type ScenarioTable } from './scenario.ts';

export const INPUT = { operationId: 'op_1', attempt: 1 };
const begun = (tier: string) =>
  answers({
    operationId: 'op_1',
    key: 'orders',
    fence: 3,
    version: 2,
    hasPrevious: true,
    settleSeconds: 0,
    bakeSeconds: 0,
    tier,
  });
export const BEGUN = begun('kms');
const BEGUN_DATA = begun('data');
const undo = (closes: string) => [
  'Direct',
  'IsPastSwitch',
  closes,
  'CompensateOperation',
  'Compensated',
];
const PARK = ['Direct', 'IsPastSwitch', 'ParkOperation', 'Parked'];

/** From the proof of the version to the end. */
const PROVEN = [
  'VerifyVersion',
  'NameVersion',
  'OpenPolicy',
  'Settle',
  'ProbeOpen',
  'SwitchAlias',
  'ProbeAlias',
  'CompleteOperation',
];
/** What differs between both: how the version comes to be, and what takes the policy back. */
interface Shape {
  readonly path: readonly string[];
  readonly first: string;
  readonly closes: string;
}
const GENERATION: Shape = {
  path: ['BeginOperation', 'WhichTier', 'CreateVersion', ...PROVEN],
  first: 'CreateVersion',
  closes: 'ClosePolicy',
};
const ADOPTION: Shape = {
  path: ['BeginOperation', 'AdoptVersion', 'SettleTags', ...PROVEN],
  first: 'AdoptVersion',
  closes: 'RestorePolicy',
};
const DATA_PATH = ['BeginOperation', 'WhichTier', 'MakeDataKey'];
const NO_STEPS = ['WhichTier', 'Settle', 'SettleTags'];

const upTo = (path: readonly string[], state: string) => path.slice(0, path.indexOf(state) + 1);

/** One scenario for each step: it fails for good, the operation goes back or forward. */
function failures({ path, closes }: Shape): Scenario[] {
  const steps = path.slice(1).filter((state) => !NO_STEPS.includes(state));
  return steps.map((state) => {
    const isBehindSwitch = path.indexOf(state) > path.indexOf('SwitchAlias');
    const direction = isBehindSwitch ? 'forward' : 'back';
    return {
      name: `${isBehindSwitch ? 'parks' : 'undoes'} the operation when ${state} fails`,
      input: INPUT,
      stubs: {
        BeginOperation: [BEGUN],
        [state]: [fails('KeyStoreUnavailable')],
        Direct: [answers({ direction })],
      },
      path: [...upTo(path, state), ...(isBehindSwitch ? PARK : undo(closes))],
      status: 'FAILED',
      error: isBehindSwitch ? 'Parked' : 'Compensated',
    };
  });
}

/** One scenario for each error that a state retries: it comes once, then the run goes on. */
export function retries(
  workflow: string,
  path: readonly string[],
  begins: Answer = BEGUN,
  others: Readonly<Record<string, Answer>> = {},
): Scenario[] {
  const good: Record<string, Answer> = { BeginOperation: begins, ...others };
  const stubs = Object.fromEntries(Object.entries(good).map(([name, one]) => [name, [one]]));
  return allStates(readWorkflow(workflow))
    .filter(([state]) => path.includes(state))
    .flatMap(([state, { Retry }]) =>
      (Retry ?? [])
        .flatMap((retrier) => retrier.ErrorEquals)
        .map((error) => ({
          name: `tries ${state} again after ${error}`,
          input: INPUT,
          stubs: { ...stubs, [state]: [fails(error), good[state] ?? answers({})] },
          path,
          status: 'SUCCEEDED' as const,
        })),
    );
}

function table(workflow: string, shape: Shape, more: readonly Scenario[] = []): ScenarioTable {
  const { path, first, closes } = shape;
  const UNDO = undo(closes);
  const failing = (state: string, stubs: Record<string, readonly Answer[]>) => ({
    BeginOperation: [BEGUN],
    [state]: [fails('KeyStoreUnavailable')],
    ...stubs,
  });
  const back = { Direct: [answers({ direction: 'back' })] };
  return {
    workflow,
    scenarios: [
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
      ...failures(shape),
      {
        name: 'parks when the direction cannot be found out',
        input: INPUT,
        stubs: failing(first, { Direct: [fails('InternalError')] }),
        path: [...upTo(path, first), 'Direct', 'ParkOperation', 'Parked'],
        status: 'FAILED',
        error: 'Parked',
      },
      {
        name: 'parks when the policy cannot be closed',
        input: INPUT,
        stubs: failing('ProbeOpen', { ...back, [closes]: [fails('AccessDenied')] }),
        path: [
          ...upTo(path, 'ProbeOpen'),
          'Direct',
          'IsPastSwitch',
          closes,
          'ParkOperation',
          'Parked',
        ],
        status: 'FAILED',
        error: 'Parked',
      },
      {
        name: 'parks when compensation fails',
        input: INPUT,
        stubs: failing('NameVersion', { ...back, CompensateOperation: [fails('AccessDenied')] }),
        path: [...upTo(path, 'NameVersion'), ...UNDO.slice(0, -1), 'ParkOperation', 'Parked'],
        status: 'FAILED',
        error: 'Parked',
      },
      {
        name: 'leaves the operation to the sweep when it cannot even be parked',
        input: INPUT,
        stubs: failing('CompleteOperation', {
          Direct: [answers({ direction: 'forward' })],
          ParkOperation: [fails('LeaseLost')],
        }),
        path: [...path, 'Direct', 'IsPastSwitch', 'ParkOperation', 'NotParked'],
        status: 'FAILED',
        error: 'NotParked',
      },
      {
        name: 'undoes the operation when a canary never comes back as it was',
        input: INPUT,
        stubs: { BeginOperation: [BEGUN], VerifyVersion: [fails('CanaryMismatch')], ...back },
        path: [...upTo(path, 'VerifyVersion'), ...UNDO],
        status: 'FAILED',
        error: 'Compensated',
      },
      {
        name: 'undoes the operation when a probe never holds',
        input: INPUT,
        stubs: { BeginOperation: [BEGUN], ProbeOpen: [fails('ProbeNotYetConclusive')], ...back },
        path: [...upTo(path, 'ProbeOpen'), ...UNDO],
        status: 'FAILED',
        error: 'Compensated',
      },
      ...retries(workflow, path),
      ...more,
    ],
  };
}

const DATA_TIER: readonly Scenario[] = [
  {
    name: 'makes a key of tier data in one step',
    input: INPUT,
    stubs: { BeginOperation: [BEGUN_DATA] },
    path: DATA_PATH,
    status: 'SUCCEEDED',
  },
  {
    name: 'undoes the operation when MakeDataKey fails',
    input: INPUT,
    stubs: {
      Direct: [answers({ direction: 'back' })],
      BeginOperation: [BEGUN_DATA],
      MakeDataKey: [fails('KeyNotUsable')],
    },
    path: [...DATA_PATH, ...undo('ClosePolicy')],
    status: 'FAILED',
    error: 'Compensated',
  },
  ...retries('generate-key', ['MakeDataKey'], BEGUN_DATA).map((one) => ({
    ...one,
    path: DATA_PATH,
  })),
];

export const GENERATE_KEY: ScenarioTable = table('generate-key', GENERATION, DATA_TIER);
export const ADOPT_KEY: ScenarioTable = table('adopt-key', ADOPTION);
