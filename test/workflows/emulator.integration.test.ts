// SPDX-License-Identifier: Apache-2.0
// The scenario tables on the emulator of Step Functions: the same states, calls and ends as in our interpreter, so that
// neither drifts from the other.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMULATOR } from '#scripts/local/emulators/choose.ts';
import { allStates, type Machine, readWorkflow } from '#test/support/asl.ts';
import { EMULATOR_UNDER_TEST } from '#test/support/emulator.ts';
import { type EmulatedRun, WorkflowEmulator } from './emulator/workflow-emulator.ts';
import { SCENARIO_TABLES } from './scenarios/all.ts';
import { runScenario, type Scenario, type SeenCall } from './scenarios/scenario.ts';

/** Scenarios that only the interpreter can run, as `workflow: scenario`, each with the reason. */
const INTERPRETER_ONLY: Readonly<Record<string, string>> = {};

const { scenarioProcesses } = EMULATOR[EMULATOR_UNDER_TEST];
/** Executions at once on each emulator: the machine has two cores, and each needs a process of the stub function. */
const AT_ONCE = scenarioProcesses > 1 ? 2 : 6;

interface Run {
  readonly workflow: string;
  readonly scenario: Scenario;
}

const keyOf = ({ workflow, scenario }: Run) => `${workflow}: ${scenario.name}`;
const ALL = SCENARIO_TABLES.flatMap(({ workflow, scenarios }) =>
  scenarios.map((scenario) => ({ workflow, scenario })),
);
const RUNS = ALL.filter((run) => !(keyOf(run) in INTERPRETER_ONLY));

/** States inside maps: the emulator's history does not have them. */
function mapped(workflow: string): string[] {
  return allStates(readWorkflow(workflow))
    .flatMap(([, { ItemProcessor }]) => (ItemProcessor ? allStates(ItemProcessor) : []))
    .map(([name]) => name);
}

/** A call without what no two engines have alike: the token, and what is put around the text of an error. */
function comparable({ state, parameters }: SeenCall): SeenCall {
  const payload = (parameters['Payload'] ?? parameters) as Record<string, unknown>;
  const failure = payload['failure'] as { Error: string; Cause: string } | undefined;
  return {
    state,
    parameters: {
      ...payload,
      ...('taskToken' in payload ? { taskToken: 'token' } : {}),
      ...(failure ? { failure: plain(failure) } : {}),
    },
  };
}

/** Groups of a batch run at once, so calls have no order over all of them. */
function byText(a: SeenCall, b: SeenCall): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** The workflow as somebody would break it who forgets what happens when a task fails. */
function noCatch(machine: Machine): Machine {
  const States = Object.entries(machine.States).map(([name, { Catch: _, ...state }]) => [
    name,
    state,
  ]);
  return { ...machine, States: Object.fromEntries(States) };
}

/** The workflow with a letter missing in the path of its first choice. */
function wrongPath(machine: Machine): Machine {
  const text = JSON.stringify(machine).replaceAll('"$.wait.state"', '"$.wait.stat"');
  return JSON.parse(text) as Machine;
}

function plain({ Error: error, Cause: cause }: { Error: string; Cause: string }) {
  const text = cause.startsWith('{') ? JSON.parse(cause).errorMessage : cause;
  // Nobody gives a time-out a reason; a service's error has the request behind its text.
  const isTimeout = error === 'States.Timeout';
  return { Error: error, Cause: isTimeout ? '' : text.replace(/ \(Service: .*\)$/, '') };
}

describe('the emulator of Step Functions', () => {
  const results = new Map<string, EmulatedRun | Error>();
  const emulators: WorkflowEmulator[] = [];

  beforeAll(async () => {
    const pending = RUNS.values();
    const work = async (emulator: WorkflowEmulator) => {
      for (const run of pending) {
        const result = await emulator.run(run.workflow, run.scenario).catch((error) => error);
        results.set(keyOf(run), result);
      }
    };
    const working: Promise<void>[] = [];
    for (let number = 0; number < scenarioProcesses; number += 1) {
      // One after the other: the first installs what all use, and begins while the next starts.
      const emulator = await WorkflowEmulator.start(number);
      emulators.push(emulator);
      for (let one = 0; one < AT_ONCE; one += 1) working.push(work(emulator));
    }
    await Promise.all(working);
  }, 900_000);
  afterAll(() => Promise.all(emulators.map((emulator) => emulator.stop())));

  it.each(RUNS.map((run) => [keyOf(run), run] as const))('%s', async (key, run) => {
    const result = results.get(key);
    if (result instanceof Error) throw result;
    const { calls } = await runScenario(run.workflow, run.scenario);
    const isInMap = mapped(run.workflow);

    const path = result?.path.filter((state) => !isInMap.includes(state));
    expect({ ...result, path }).toMatchObject({
      path: run.scenario.path.filter((state) => !isInMap.includes(state)),
      status: run.scenario.status,
      error: run.scenario.error ?? null,
    });
    expect(result?.calls.map(comparable).sort(byText)).toEqual(
      calls
        .filter(({ parameters }) => !('StateMachineArn' in parameters))
        .map(comparable)
        .sort(byText),
    );
  });

  it('runs every scenario under a name of its own', () => {
    expect(new Set(ALL.map(keyOf)).size).toBe(ALL.length);
    expect(Object.keys(INTERPRETER_ONLY).filter((key) => !ALL.map(keyOf).includes(key))).toEqual(
      [],
    );
  });

  it('hands a failed operation over once, and goes on when it was handed over before', () => {
    const startedIn = (name: string) => {
      const result = results.get(`rotate-key: ${name}`);
      return result && 'started' in result ? result.started : result;
    };

    expect(startedIn('hands the operation over when ProbeOpen fails')).toEqual(['op_1-2']);
    expect(startedIn('leaves the operation to its lease when Switch cannot hand it over')).toEqual(
      [],
    );
  });

  it('has started what the sweep found, and what could not be started stopped nothing', () => {
    const startedIn = (name: string) => {
      const result = results.get(`rotation-sweep: ${name}`);
      return result && 'started' in result ? result.started : result;
    };

    expect(startedIn('starts each operation in its own workflow')).toEqual([
      'op_1',
      'op_2',
      'op_3',
      'op_4',
      'op_5',
      'op_6',
      'op_7',
    ]);
    expect(
      startedIn('goes on when one operation cannot be started, or is started already'),
    ).toEqual(['op_3']);
  });

  it.each([
    ['a missing Catch', 'approve', 'stops visibly when a request cannot be tended', noCatch],
    ['a wrong path', 'approve', 'ends what nobody decided', wrongPath],
  ])('notices %s', async (_, workflow, name, spoil) => {
    const run = RUNS.find((one) => one.workflow === workflow && one.scenario.name === name);
    if (run === undefined) throw new Error(`${workflow} has no scenario "${name}"`);
    const isInMap = mapped(workflow);
    const seen = ({ path, status, error = null }: EmulatedRun | Scenario) => ({
      path: path.filter((state) => !isInMap.includes(state)),
      ...{ status, error },
    });
    const whole = results.get(`${workflow}: ${name}`);
    if (whole instanceof Error || whole === undefined) throw whole;

    const spoilt = await emulators[0]?.run(workflow, run.scenario, spoil(readWorkflow(workflow)));

    if (spoilt === undefined) throw new Error('no emulator');
    expect(seen(whole)).toEqual(seen(run.scenario));
    expect(seen(spoilt)).not.toEqual(seen(run.scenario));
  });
});
