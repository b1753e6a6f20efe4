// SPDX-License-Identifier: Apache-2.0
// The workflows over the real use cases and ports in memory: what Step Functions, Lambda, DynamoDB and KMS would do
// together, in milliseconds. The process of a function can be made to die at any call, or the execution be lost.
import type { FunctionName } from '#core/contract/environment.ts';
import type { OperationKind } from '#core/contract/vocabulary.ts';
import { executionName } from '#core/keys/naming.ts';
import { readWorkflow } from './asl.ts';
import { MachineHalted, type RunResult, runMachine, type TaskCall } from './interpreter.ts';
import { type StepFunctionName, stepFunctions } from './steps.ts';
import type { World } from './world.ts';

/** What Lambda reports for a process that ended on its own. */
class ProcessDied extends Error {
  override readonly name = 'Runtime.ExitError';
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
  readonly name: string;
}

/** `${CreateVersionFn}` as the folder of the function. */
export function functionOf(placeholder: unknown): FunctionName {
  const pascal = /^\$\{(\w+)Fn\}$/.exec(String(placeholder))?.[1] ?? '';
  return pascal.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase() as FunctionName;
}

export class Simulation {
  readonly world: World;
  readonly executions: Execution[] = [];
  /** Port calls made by functions so far. */
  calls = 0;
  /** `state phase method` of every call, for messages. */
  readonly log: string[] = [];
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
      await this.run(kind, operationId, attempt);
    }
  }

  /** Runs an execution to its end; a name that ran before does not run again. */
  async run(kind: OperationKind, operationId: string, attempt: number): Promise<void> {
    const name = executionName(operationId, attempt);
    if (this.#started.has(name)) return;
    this.#started.add(name);
    await this.#runMachine(kind, name, { operationId, attempt });
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
    const run = (call: TaskCall) => this.#runTask(call);
    const sleep = (seconds: number) => this.world.clock.advance(seconds);
    try {
      const result = await runMachine(readWorkflow(workflow), input, { run, sleep });
      this.executions.push({ name, ...result });
    } catch (error) {
      if (!(error instanceof MachineHalted)) throw error;
    }
  }

  async #runTask({ state, resource, parameters }: TaskCall): Promise<unknown> {
    if (resource === 'states:startExecution') {
      const { operationId, attempt } = parameters['Input'] as {
        operationId: string;
        attempt: number;
      };
      const kind = state === 'StartGenerateKey' ? 'generate-key' : 'rotate-key';
      await this.run(kind, operationId, attempt);
      return {};
    }
    const name = functionOf(parameters['FunctionName']) as StepFunctionName;
    return { Payload: await this.#invoke(state, name, parameters['Payload']) };
  }

  /** One process: once it has died, nothing that it still tries has an effect. */
  async #invoke(state: string, name: StepFunctionName, payload: unknown): Promise<unknown> {
    let died: Death | null = null;
    this.world.onCall = ({ method, phase }) => {
      if (died) throw new ProcessDied();
      if (phase === 'before') {
        this.calls += 1;
        this.log.push(`${state} ${method}`);
      }
      if (this.#death?.call !== this.calls || this.#death.phase !== phase) return;
      died = this.#death;
      this.#death = null;
      throw new ProcessDied();
    };
    try {
      const work = stepFunctions(this.world)[name];
      return await work(structuredClone(payload) as Parameters<typeof work>[0]);
    } catch (error) {
      const dead = died as Death | null;
      if (dead?.of === 'execution') throw new MachineHalted('the execution is lost');
      throw dead ? new ProcessDied() : error;
    } finally {
      this.world.onCall = () => {};
    }
  }
}
