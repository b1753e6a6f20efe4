// SPDX-License-Identifier: Apache-2.0
// A scenario: what each task answers, and the states a run then passes. The tables run in the interpreter, and the
// same tables can run on an emulator, so that the interpreter cannot drift from the real thing.
import { readWorkflow } from '#test/support/asl.ts';
import { type RunResult, runMachine, TaskFailure } from '#test/support/interpreter.ts';

/** What a task answers to one try. */
export type Answer =
  | { readonly result: unknown }
  | { readonly error: string; readonly cause?: string };

export interface Scenario {
  readonly name: string;
  readonly input: unknown;
  /** Answers by state, try by try; the last one repeats. A state without answers succeeds with an empty object. */
  readonly stubs: Readonly<Record<string, readonly Answer[]>>;
  readonly path: readonly string[];
  readonly status: RunResult['status'];
  /** Error of a failed run. */
  readonly error?: string;
  readonly output?: unknown;
}

/** The table of one workflow. */
export interface ScenarioTable {
  readonly workflow: string;
  readonly scenarios: readonly Scenario[];
}

/** What a function of Keyturn answers, as `lambda:invoke` wraps it. */
export const answers = (payload: unknown): Answer => ({
  result: { StatusCode: 200, Payload: payload },
});
export const fails = (error: string, cause = 'because'): Answer => ({ error, cause });

/** Gives a scenario's answers, try by try. */
export function answering(scenario: Scenario): (state: string) => Answer {
  const tries = new Map<string, number>();
  return (state) => {
    const given = scenario.stubs[state] ?? [answers({})];
    const index = tries.get(state) ?? 0;
    tries.set(state, index + 1);
    const answer = given[Math.min(index, given.length - 1)];
    if (!answer) throw new Error(`${state} has no answer`);
    return answer;
  };
}

/** One call of a task state, as the scenario's stubs saw it. */
export interface SeenCall {
  readonly state: string;
  readonly parameters: Record<string, unknown>;
}

/** Runs a scenario in the interpreter. */
export async function runScenario(
  workflow: string,
  scenario: Scenario,
): Promise<{ result: RunResult; calls: SeenCall[] }> {
  const answerTo = answering(scenario);
  const calls: SeenCall[] = [];
  const result = await runMachine(readWorkflow(workflow), scenario.input, {
    run: async ({ state, parameters }) => {
      calls.push({ state, parameters });
      const answer = answerTo(state);
      if ('error' in answer) throw new TaskFailure(answer.error, answer.cause ?? '');
      return answer.result;
    },
  });
  return { result, calls };
}
