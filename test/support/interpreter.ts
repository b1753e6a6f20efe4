// SPDX-License-Identifier: Apache-2.0
// Runs a workflow file in milliseconds: the subset of the Amazon States Language that the lint allows, and nothing
// more, so that what it does not know fails instead of being skipped. Waits and retry delays pass at once.
import type { Catcher, Comparison, Machine, Processor, Retrier, State } from './asl.ts';
import { fill, readPath, writePath } from './json-path.ts';

/** A failed task as Step Functions sees it. */
export class TaskFailure extends Error {
  readonly error: string;
  readonly reason: string;

  constructor(error: string, reason = '') {
    super(`${error}: ${reason}`);
    this.error = error;
    this.reason = reason;
  }
}

/** One call of a task state. */
export interface TaskCall {
  readonly state: string;
  /** `lambda:invoke`, `lambda:invoke.waitForTaskToken`, `states:startExecution`, `aws-sdk:kms:…` */
  readonly resource: string;
  readonly parameters: Record<string, unknown>;
  /** Number of the try, 1 for the first. */
  readonly attempt: number;
}

/** Does the work of a task. @throws TaskFailure, or any error, whose name is what Retry and Catch match */
export type TaskRunner = (call: TaskCall) => Promise<unknown>;

export interface RunOptions {
  readonly run: TaskRunner;
  /** Called with the seconds of waits and retry delays. */
  readonly sleep?: (seconds: number) => Promise<void> | void;
  /** How often a child of a distributed map runs: Express executions are started at least once. */
  readonly timesOfChild?: () => number;
}

export interface RunResult {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly output: unknown;
  readonly error: string | null;
  readonly cause: string | null;
  /** Names of the states entered, in order. */
  readonly path: readonly string[];
  /** `State -> Target` for every Catch that was taken. */
  readonly caught: readonly string[];
}

/** More transitions than any run of ours takes: a loop without an exit. */
const MAX_TRANSITIONS = 2000;
const RESOURCE = 'arn:aws:states:::';

interface Trace {
  readonly path: string[];
  readonly caught: string[];
}

/** Runs a machine to its end. */
export async function runMachine(
  machine: Machine,
  input: unknown,
  options: RunOptions,
): Promise<RunResult> {
  const trace: Trace = { path: [], caught: [] };
  try {
    const output = await runStates(machine, input, options, trace);
    return { status: 'SUCCEEDED', output, error: null, cause: null, ...trace };
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    return { status: 'FAILED', output: null, error: error.error, cause: error.reason, ...trace };
  }
}

async function runStates(
  machine: Machine,
  input: unknown,
  options: RunOptions,
  trace: Trace,
): Promise<unknown> {
  let name: string | undefined = machine.StartAt;
  let data = structuredClone(input);
  while (name !== undefined) {
    const state: State | undefined = machine.States[name];
    if (!state) throw new Error(`no state ${name}`);
    trace.path.push(name);
    if (trace.path.length > MAX_TRANSITIONS) throw new Error('the machine does not end');
    const step = await runState(name, state, data, options, trace);
    data = step.data;
    name = step.next;
  }
  return data;
}

function secondsOf(state: State, data: unknown): number {
  const seconds = state.SecondsPath ? readPath(data, state.SecondsPath) : state.Seconds;
  if (typeof seconds === 'number' && seconds >= 0) return seconds;
  throw new TaskFailure('States.Runtime', `${state.SecondsPath} is no number of seconds`);
}

interface Step {
  readonly data: unknown;
  readonly next: string | undefined;
}

async function runState(
  name: string,
  state: State,
  data: unknown,
  options: RunOptions,
  trace: Trace,
): Promise<Step> {
  switch (state.Type) {
    case 'Pass':
      return {
        data: merge(state, data, 'Result' in state ? state.Result : fillPass(state, data)),
        next: state.Next,
      };
    case 'Wait':
      await options.sleep?.(secondsOf(state, data));
      return { data, next: state.Next };
    case 'Choice':
      return { data, next: choose(state, data) };
    case 'Succeed':
      return { data, next: undefined };
    case 'Fail':
      throw new TaskFailure(state.Error ?? '', state.Cause ?? '');
    case 'Task':
      return guarded(name, state, data, trace, () => runTask(name, state, data, options));
    case 'Map':
      return guarded(name, state, data, trace, () => runMap(state, data, options, trace));
  }
}

async function guarded(
  name: string,
  state: State,
  data: unknown,
  trace: Trace,
  work: () => Promise<unknown>,
): Promise<Step> {
  try {
    const result = await work();
    const selected =
      state.ResultSelector === undefined ? result : fill(state.ResultSelector, result);
    return { data: merge(state, data, selected), next: state.Next };
  } catch (thrown) {
    if (thrown instanceof MachineHalted) throw thrown;
    const failure = toFailure(thrown);
    const catcher = (state.Catch ?? []).find((candidate) => matches(candidate, failure.error));
    if (!catcher) throw failure;
    trace.caught.push(`${name} -> ${catcher.Next}`);
    const caught = { Error: failure.error, Cause: failure.reason };
    return { data: writePath(data, catcher.ResultPath ?? '$', caught), next: catcher.Next };
  }
}

/** Ends the run as if the engine itself had gone: nothing is retried or caught. */
export class MachineHalted extends Error {}

async function runTask(
  name: string,
  state: State,
  data: unknown,
  options: RunOptions,
): Promise<unknown> {
  const tries = new Map<Retrier, number>();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const context = { Task: { Token: `token-${name}-${attempt}` } };
      const parameters = fill(state.Parameters ?? {}, data, context) as Record<string, unknown>;
      const resource = (state.Resource ?? '').slice(RESOURCE.length);
      return await options.run({ state: name, resource, parameters, attempt });
    } catch (thrown) {
      if (thrown instanceof MachineHalted) throw thrown;
      const failure = toFailure(thrown);
      const retrier = (state.Retry ?? []).find((candidate) => matches(candidate, failure.error));
      const used = retrier ? (tries.get(retrier) ?? 0) : 0;
      if (!retrier || used >= (retrier.MaxAttempts ?? 3)) throw failure;
      tries.set(retrier, used + 1);
      await options.sleep?.(delayOf(retrier, used));
    }
  }
}

/** The longest delay before a try; with full jitter Step Functions waits between none and that. */
function delayOf(retrier: Retrier, used: number): number {
  const delay = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** used;
  return Math.min(delay, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
}

async function runMap(
  state: State,
  data: unknown,
  options: RunOptions,
  trace: Trace,
): Promise<unknown> {
  const items = readPath(data, state.ItemsPath ?? '$');
  if (!Array.isArray(items) || !state.ItemProcessor)
    throw new TaskFailure('States.Runtime', 'no items');
  const isDistributed = state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED';
  const run = isDistributed ? runChild : runStates;
  const results: unknown[] = [];
  let failed = 0;
  for (const item of items) {
    try {
      results.push(await run(state.ItemProcessor, item, options, trace));
    } catch (error) {
      failed += 1;
      // Step Functions leaves a tolerated child's failure out of the results.
      if (!(error instanceof TaskFailure) || failed > (state.ToleratedFailureCount ?? 0))
        throw error;
    }
  }
  return results;
}

/** A child execution of a distributed map, as often as it is started; what the last run answers counts. */
async function runChild(
  processor: Processor,
  item: unknown,
  options: RunOptions,
  trace: Trace,
): Promise<unknown> {
  const times = options.timesOfChild?.() ?? 1;
  for (let time = 1; time < times; time += 1) {
    const other: Trace = { path: [], caught: [] };
    await runStates(processor, item, options, other).catch((error) => {
      if (!(error instanceof TaskFailure)) throw error;
    });
  }
  return runStates(processor, item, options, trace);
}

function fillPass(state: State, data: unknown): unknown {
  return state.Parameters === undefined ? data : fill(state.Parameters, data);
}

function merge(state: State, data: unknown, result: unknown): unknown {
  if (state.ResultPath === null) return data;
  return writePath(data, state.ResultPath ?? '$', result);
}

function choose(state: State, data: unknown): string | undefined {
  const rule = (state.Choices ?? []).find((candidate) => holds(candidate, data));
  const next = rule?.Next ?? state.Default;
  if (next === undefined) throw new TaskFailure('States.NoChoiceMatched', '');
  return next;
}

/** Compares left to right and stops at the first that fails, so that IsPresent can guard what follows it. */
function holds(rule: Comparison, data: unknown): boolean {
  if (rule.And) return rule.And.every((part) => holds(part, data));
  const value = readPath(data, rule.Variable ?? '$');
  if (rule.IsPresent !== undefined) return (value !== undefined) === rule.IsPresent;
  if (value === undefined) throw new TaskFailure('States.Runtime', `${rule.Variable} is not there`);
  if (rule.StringEquals !== undefined) return value === rule.StringEquals;
  if (rule.BooleanEquals !== undefined) return value === rule.BooleanEquals;
  if (rule.NumericLessThanPath !== undefined) {
    const other = readPath(data, rule.NumericLessThanPath);
    return typeof value === 'number' && typeof other === 'number' && value < other;
  }
  throw new Error(`unknown comparison in ${JSON.stringify(rule)}`);
}

/** States.ALL matches everything but what no Catch can: States.Runtime and States.DataLimitExceeded. */
function matches({ ErrorEquals }: Retrier | Catcher, error: string): boolean {
  if (ErrorEquals.includes(error)) return true;
  return (
    ErrorEquals.includes('States.ALL') &&
    !['States.Runtime', 'States.DataLimitExceeded'].includes(error)
  );
}

/** What Lambda makes of an error: its name, and message and stack as JSON text. */
function toFailure(thrown: unknown): TaskFailure {
  if (thrown instanceof TaskFailure) return thrown;
  if (!(thrown instanceof Error)) return new TaskFailure('Error', String(thrown));
  return new TaskFailure(
    thrown.name,
    JSON.stringify({ errorType: thrown.name, errorMessage: thrown.message, trace: [] }),
  );
}
