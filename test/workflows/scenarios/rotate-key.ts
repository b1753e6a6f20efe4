// SPDX-License-Identifier: Apache-2.0
// Scenarios of `rotate-key`: segments of a batch with waits between them; an operation that fails is handed over and
// leaves the others alone.
import { allStates, readWorkflow } from '#test/support/asl.ts';
import { answers, fails, type Scenario, type ScenarioTable } from './scenario.ts';

const WORKFLOW = 'rotate-key';
const item = (id: string) => ({
  operationId: id,
  key: `key-of-${id}`,
  fence: 3,
  attempt: 2,
  executionName: `${id}-2`,
});
const input = (entry: string, ...groups: string[][]) => ({
  entry,
  settleSeconds: 0,
  bakeSeconds: 0,
  groups: groups.map((ids) => ({ items: ids.map(item) })),
});
const ONE = input('prepare', ['op_1']);

interface Segment {
  readonly map: string;
  readonly steps: readonly string[];
  readonly left: string;
}
const PREPARE: Segment = {
  map: 'Prepare',
  steps: ['BeginOperation', 'CreateVersion', 'VerifyVersion', 'NameVersion', 'OpenPolicy'],
  left: 'NotPrepared',
};
const SWITCH: Segment = {
  map: 'Switch',
  steps: ['ProbeOpen', 'SwitchAlias'],
  left: 'NotSwitched',
};
const FINISH: Segment = {
  map: 'Finish',
  steps: ['ProbeAlias', 'RestrictPolicy', 'ProbeDecryptOnly', 'CompleteOperation'],
  left: 'NotFinished',
};
const SEGMENTS = [PREPARE, SWITCH, FINISH];

const WAIT_BEFORE: Readonly<Record<string, string>> = { Switch: 'Settle', Finish: 'Bake' };

type Items = (segment: Segment) => readonly string[];

/** The states of a run, with those that the items of each segment pass. */
function pathFrom(first: Segment, items: Items): readonly string[] {
  const segments = SEGMENTS.slice(SEGMENTS.indexOf(first));
  const states = segments.flatMap((segment) => {
    const wait = WAIT_BEFORE[segment.map];
    return [...(wait ? [wait] : []), segment.map, ...items(segment)];
  });
  return ['Entry', ...states];
}

const each = ({ map }: Segment) => `${map}Each`;
const whole: Items = (segment) => [each(segment), ...segment.steps];
const upTo = (steps: readonly string[], state: string) => steps.slice(0, steps.indexOf(state) + 1);

/** A step that fails for good, and the operation handed over; stubs let later segments see that. */
function failureOf(
  state: string,
  handOver: boolean,
  error = handOver ? 'KeyStoreUnavailable' : 'LeaseLost',
): Scenario {
  const failing = SEGMENTS.find(({ steps }) => steps.includes(state)) ?? PREPARE;
  const index = SEGMENTS.indexOf(failing);
  const later = SEGMENTS.slice(index + 1);
  const gone = fails('StepOutOfOrder');
  const tail = [...(handOver ? [`Undo${failing.map}`] : []), failing.left];
  const items: Items = (segment) => {
    if (segment === failing) return [each(segment), ...upTo(segment.steps, state), ...tail];
    if (later.includes(segment)) return [each(segment), segment.steps[0] ?? '', segment.left];
    return whole(segment);
  };
  return {
    name: handOver
      ? `hands the operation over when ${state} fails`
      : `leaves the operation alone when ${state} meets a newer attempt`,
    input: ONE,
    stubs: {
      [state]: [fails(error)],
      ...Object.fromEntries(later.map(({ steps }) => [steps[0], [gone]])),
    },
    path: pathFrom(PREPARE, items),
    status: 'SUCCEEDED',
  };
}

/** The hand-over itself fails: the lease runs out. */
function notHandedOver(segment: Segment): Scenario {
  const [state = ''] = segment.steps.slice(-1);
  const base = failureOf(state, true);
  return {
    ...base,
    name: `leaves the operation to its lease when ${segment.map} cannot hand it over`,
    stubs: {
      ...base.stubs,
      [`Undo${segment.map}`]: [fails('StepFunctions.ExecutionAlreadyExistsException')],
    },
  };
}

/** One scenario for each error that a step retries: it comes once, then the run goes on. */
function retries(): Scenario[] {
  const steps = SEGMENTS.flatMap((segment) => segment.steps);
  return allStates(readWorkflow(WORKFLOW))
    .filter(([state]) => steps.includes(state))
    .flatMap(([state, { Retry }]) =>
      (Retry ?? [])
        .flatMap((retrier) => retrier.ErrorEquals)
        .map((error) => ({
          name: `tries ${state} again after ${error}`,
          input: ONE,
          stubs: { [state]: [fails(error), answers({})] },
          path: pathFrom(PREPARE, whole),
          status: 'SUCCEEDED' as const,
        })),
    );
}

const STEPS = SEGMENTS.flatMap(({ steps }) => steps);

export const ROTATE_KEY: ScenarioTable = {
  workflow: WORKFLOW,
  scenarios: [
    {
      name: 'runs from the lease to the end',
      input: ONE,
      stubs: {},
      path: pathFrom(PREPARE, whole),
      status: 'SUCCEEDED',
    },
    {
      name: 'goes on behind a recorded preparation',
      input: input('switch', ['op_1']),
      stubs: {},
      path: pathFrom(SWITCH, whole),
      status: 'SUCCEEDED',
    },
    {
      name: 'goes on behind a recorded switch',
      input: input('finish', ['op_1']),
      stubs: {},
      path: pathFrom(FINISH, whole),
      status: 'SUCCEEDED',
    },
    {
      name: 'takes every group of a batch through every segment',
      input: input('prepare', ['op_1'], ['op_2']),
      stubs: {},
      path: pathFrom(PREPARE, (segment) => [...whole(segment), ...whole(segment)]),
      status: 'SUCCEEDED',
    },
    ...STEPS.filter((state) => state !== 'BeginOperation').map((state) => failureOf(state, true)),
    ...STEPS.map((state) => failureOf(state, false)),
    {
      ...failureOf('SwitchAlias', false, 'AcknowledgementsPending'),
      name: 'leaves the rotation waiting when consumers have not acknowledged',
    },
    {
      ...failureOf('SwitchAlias', true, 'AcknowledgementsMissing'),
      name: 'hands the operation over when consumers did not acknowledge in time',
    },
    {
      ...failureOf('SwitchAlias', true, 'RotationCancelled'),
      name: 'hands the operation over when somebody took it back while it waited',
    },
    ...SEGMENTS.map(notHandedOver),
    ...retries(),
  ],
};
