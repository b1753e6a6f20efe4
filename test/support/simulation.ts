// SPDX-License-Identifier: Apache-2.0
// The workflows over the real use cases and ports in memory: what Step Functions, Lambda, DynamoDB and KMS would do
// together, in milliseconds. The process of a function can be made to die at any call, or the execution be lost.
import type { PortCall } from '#adapters/memory/faults.ts';
import type { FunctionName } from '#core/contract/environment.ts';
import type { WorkflowKind } from '#core/contract/vocabulary.ts';
import { executionName } from '#core/keys/naming.ts';
import { readWorkflow } from './asl.ts';
import { MachineHalted, type RunResult, runMachine, type TaskCall } from './interpreter.ts';
import { type StepFunctionName, stepFunctions } from './steps.ts';
import type { World } from './world.ts';

/** What Lambda reports for a process that ended on its own. */
export class ProcessDied extends Error {
  override readonly name = 'Runtime.ExitError';
}

/** The execution and the process that worked for it are gone together. */
export class ExecutionLost extends MachineHalted {}

/** A port call of a process, before its effect or after it. */
export interface CallSite extends PortCall {
  /** Number of the call, from 1 on. */
  readonly number: number;
  /** The state that the process works for, or what the API does. */
  readonly task: string;
  /** What the process was given. */
  readonly payload: unknown;
}

/** Where something dies: at the n-th port call of the run, before its effect or after it. */
export interface Death {
  readonly call: number;
  readonly phase: 'before' | 'after';
  /** `process`: the function dies and the state retries it. `execution`: the whole execution is lost with it. */
  readonly of: 'process' | 'execution';
}

/** A finished execution. */
export interface Execution extends RunResult {
  readonly workflow: string;
  readonly name: string;
}

/** `${CreateVersionFn}` as the folder of the function. */
export function functionOf(placeholder: unknown): FunctionName {
  const pascal = /^\$\{(\w+)Fn\}$/.exec(String(placeholder))?.[1] ?? '';
  return pascal.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase() as FunctionName;
}

/** `${RotateKeyArn}` as the name of the workflow. */
export function machineOf(placeholder: unknown): string {
  return functionOf(String(placeholder).replace(/Arn\}$/, 'Fn}'));
}

export class Simulation {
  readonly world: World;
  readonly executions: Execution[] = [];
  /** Port calls made by functions so far. */
  calls = 0;
  /** `state phase method` of every call, for messages. */
  readonly log: string[] = [];
  /** Called around every port call: it may let the call fail, its process die, or other things happen meanwhile. */
  interrupt: (site: CallSite) => Promise<void> | void = () => {};
  /** Called while an execution waits, with the seconds. */
  whileWaiting: (seconds: number) => Promise<void> | void = () => {};
  /** How often each Express child runs: Step Functions starts it at least once. */
  timesOfChild = 1;
  /** An execution that another one starts begins when that one waits or has ended, instead of at once. */
  startsLate = false;
  #death: Death | null = null;
  readonly #started = new Set<string>();

  constructor(world: World) {
    this.world = world;
  }

  /** Lets something die at a call, counted from now. */
  killAt(death: Death): void {
    this.calls = 0;
    this.#death = death;
  }

  /** True once what was to die has died. */
  get hasDied(): boolean {
    return this.#death === null;
  }

  /** Starts what the API asked for and has not been started. */
  async runStarted(): Promise<void> {
    for (const { kind, operationId, attempt } of this.world.workflows.started) {
      // What people decide on is played by who plays the people.
      if (kind === 'approve') continue;
      await this.run(kind, operationId, attempt);
    }
  }

  /** Runs an execution that the API asked for, with the input that it gave. */
  async run(kind: WorkflowKind, operationId: string, attempt: number): Promise<void> {
    const name = executionName(operationId, attempt);
    const started = this.world.workflows.started.find(
      (one) => executionName(one.operationId, one.attempt) === name,
    );
    await this.#execute(kind, name, { operationId, attempt, ...started?.input });
  }

  /** Runs an execution to its end; a name that ran before does not run again. */
  async #execute(workflow: string, name: string, input: unknown): Promise<void> {
    const id = `${workflow}/${name}`;
    if (this.#started.has(id)) return;
    this.#started.add(id);
    await this.#runMachine(workflow, name, input);
  }

  /** Runs the sweep, with the executions that it starts. */
  async sweep(): Promise<void> {
    await this.#runMachine('rotation-sweep', `sweep-${this.executions.length}`, {});
  }

  /** Lets leases run out and sweeps, until nothing is held any more. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round += 1) {
      this.world.clock.advance(3600);
      await this.sweep();
    }
  }

  async #runMachine(workflow: string, name: string, input: unknown): Promise<void> {
    const late: (() => Promise<void>)[] = [];
    const run = (call: TaskCall) => this.#runTask(call, late);
    const inTheMeantime = async () => {
      for (const start of late.splice(0)) await start();
    };
    const sleep = async (seconds: number) => {
      this.world.clock.advance(seconds);
      await inTheMeantime();
      await this.whileWaiting(seconds);
    };
    const timesOfChild = () => this.timesOfChild;
    try {
      const options = { run, sleep, timesOfChild };
      const result = await runMachine(readWorkflow(workflow), input, options);
      this.executions.push({ workflow, name, ...result });
      await inTheMeantime();
    } catch (error) {
      if (!(error instanceof MachineHalted)) throw error;
    }
  }

  async #runTask(
    { state, resource, parameters }: TaskCall,
    late: (() => Promise<void>)[],
  ): Promise<unknown> {
    if (resource === 'states:startExecution') {
      const workflow = machineOf(parameters['StateMachineArn']);
      const input = structuredClone(parameters['Input']);
      const start = () => this.#execute(workflow, String(parameters['Name']), input);
      if (this.startsLate) late.push(start);
      else await start();
      return {};
    }
    const name = functionOf(parameters['FunctionName']) as StepFunctionName;
    const payload = structuredClone(parameters['Payload']);
    const work = stepFunctions(this.world)[name];
    const run = () => work(payload as Parameters<typeof work>[0]);
    return { Payload: await this.process(state, payload, run) };
  }

  /**
   * Does work as one process: once it has died, nothing that it still tries has an effect. Processes nest: what an
   * interruption runs happens while the outer one is in the middle of a call.
   */
  async process<T>(task: string, payload: unknown, work: () => Promise<T>): Promise<T> {
    let death: unknown = null;
    let number = 0;
    const outer = this.world.onCall;
    this.world.onCall = async (call) => {
      if (death) throw death;
      if (call.phase === 'before') {
        this.calls += 1;
        number = this.calls;
        this.log.push(`${task} ${call.method}`);
      }
      try {
        this.#dieAt(number, call.phase);
        await this.interrupt({ ...call, number, task, payload });
      } catch (error) {
        if (error instanceof ProcessDied || error instanceof ExecutionLost) death = error;
        throw error;
      }
    };
    try {
      return await work();
    } catch (error) {
      throw death ?? error;
    } finally {
      this.world.onCall = outer;
    }
  }

  #dieAt(number: number, phase: Death['phase']): void {
    if (this.#death?.call !== number || this.#death.phase !== phase) return;
    const { of } = this.#death;
    this.#death = null;
    throw of === 'execution' ? new ExecutionLost('the execution is lost') : new ProcessDied();
  }
}
