// SPDX-License-Identifier: Apache-2.0
// Runs scenarios on the emulator of Step Functions: its own interpreter, Lambda, and the paths of `aws-sdk:` states.
// Only what is behind a function or a service is stubbed, by an answer server in the test's process.
import { rmSync } from 'node:fs';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { EMULATOR } from '#scripts/local/emulators/choose.ts';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';
import { until } from '#scripts/local/waiting.ts';
import { signedPost } from '#test/gateway/signed-fetch.ts';
import { type Machine, readWorkflow, type State } from '#test/support/asl.ts';
import { EMULATOR_UNDER_TEST } from '#test/support/emulator.ts';
import { type Answer, runScenario, type Scenario, type SeenCall } from '../scenarios/scenario.ts';
import { AnswerServer, TIMEOUT } from './answer-server.ts';
import { stubFunctionZip } from './stub-function.ts';

const DIRECTORY = '.local-workflows';
/** Waits and retry delays take a thousandth. */
const WAIT_SCALE = 0.001;
/** Time for a task that nobody answers; the answer to the same task after it takes less, beside other work too. */
const PATIENCE_SECONDS = 15;
/** Of the stub function, whose process may have to start on a machine that is busy; the default are 3 s. */
const FUNCTION_SECONDS = 120;
const PASS = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });
/** Answers that only a start of another execution can give. */
const EXISTS = 'StepFunctions.ExecutionAlreadyExistsException';
const MISSING = 'StepFunctions.StateMachineDoesNotExistException';

/** Behind the ARN of a machine that was made, and is named as if it were not there. */
const MISSING_SUFFIX = '-missing';

/** What came of a run, in the interpreter's terms. */
export interface EmulatedRun {
  readonly status: string;
  readonly error: string | null;
  /** States entered; the emulator's history does not have those inside a map. */
  readonly path: readonly string[];
  readonly calls: readonly SeenCall[];
  /** Names of the executions that the run started, sorted. */
  readonly started: readonly string[];
}

/** See the file's head. */
export class WorkflowEmulator {
  readonly #stack: Stack;
  readonly #sfn: SFNClient;
  readonly #answers: AnswerServer;
  #roleArn = '';
  #functionArn = '';

  private constructor(stack: Stack) {
    this.#stack = stack;
    this.#sfn = new SFNClient(this.#config());
    this.#answers = new AnswerServer((token, result) => this.#complete(token, result));
  }

  /** @param number from 0 on: each has a stack of its own */
  static async start(number = 0): Promise<WorkflowEmulator> {
    const keyEndpoint = new URL('./forwarding-endpoint.ts', import.meta.url).pathname;
    const options = {
      emulator: EMULATOR_UNDER_TEST,
      directory: number === 0 ? DIRECTORY : `${DIRECTORY}-${number}`,
      app: null,
      keyEndpoint,
      waitScale: WAIT_SCALE,
    };
    const emulator = new WorkflowEmulator(await startStack(options));
    await emulator.#prepare();
    return emulator;
  }

  async stop(): Promise<void> {
    this.#answers.close();
    await this.#stack.stop();
    // Nothing of a run is of use to the next.
    rmSync(this.#stack.layout.awsData, { recursive: true, force: true });
  }

  /** Runs one scenario on a state machine of its own, which is that of the file unless another is given. */
  async run(
    workflow: string,
    scenario: Scenario,
    machine: Machine = readWorkflow(workflow),
  ): Promise<EmulatedRun> {
    const id = `${workflow}-${crypto.randomUUID()}`;
    const { calls: expected } = await runScenario(workflow, scenario);
    this.#answers.expect(id, workflow, scenario, expected);
    const targets = await this.#targets(id, scenario, expected);
    const stateMachineArn = await this.#machine(
      id,
      JSON.stringify(
        stubbed(machine, {
          functionArn: this.#functionArn,
          arns: targets.arns,
          impatient: unanswered(scenario),
        }),
      ),
    );
    const execution = await this.#begin(stateMachineArn, id, scenario.input);
    const { status, error } = await this.#ended(execution);
    const run = {
      status: status ?? '',
      error: error ?? null,
      path: await this.#path(execution),
      calls: this.#answers.calls(id),
      started: await this.#started(targets.arns, targets.before),
    };
    // What emulators keep of hundreds of machines and their executions takes as much memory as they do.
    for (const arn of [stateMachineArn, ...Object.values(targets.arns)]) {
      const made = { stateMachineArn: arn.replace(MISSING_SUFFIX, '') };
      await this.#sfn.send(new DeleteStateMachineCommand(made));
    }
    return run;
  }

  #config() {
    const { gatewayUrl, region } = this.#stack.info;
    const endpoint = gatewayUrl.replace('localhost', '127.0.0.1');
    return { endpoint, region, credentials: ROOT_KEY, maxAttempts: 1 };
  }

  async #prepare(): Promise<void> {
    const url = await this.#answers.listen();
    await fetch(`${this.#stack.info.kmsUrl}/_answers`, { method: 'POST', body: url });
    const iam = new IAMClient(this.#config());
    const document = (statement: object) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
    const RoleName = 'scenarios';
    const services = { Service: ['states.amazonaws.com', 'lambda.amazonaws.com'] };
    const trust = document({ Action: 'sts:AssumeRole', Principal: services });
    const create = new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust });
    this.#roleArn = (await iam.send(create)).Role?.Arn ?? '';
    const PolicyDocument = document({ Action: '*', Resource: '*' });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument }));
    this.#functionArn = await this.#function({ ANSWERS_URL: url });
  }

  async #function(Variables: Record<string, string>): Promise<string> {
    const { endpoint, credentials } = this.#config();
    const request = {
      FunctionName: 'stub',
      Role: this.#roleArn,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: FUNCTION_SECONDS,
      Code: { ZipFile: stubFunctionZip().toString('base64') },
      Environment: { Variables },
    };
    const url = `${endpoint}/2015-03-31/functions`;
    const answer = await signedPost(url, { service: 'lambda', credentials }, request);
    if (!answer.ok) throw new Error(`CreateFunction: ${await answer.text()}`);
    return ((await answer.json()) as { FunctionArn: string }).FunctionArn;
  }

  /** Machines for the placeholders of other workflows, such that starting them gives the scenario's answers. */
  async #targets(id: string, scenario: Scenario, expected: readonly SeenCall[]) {
    const arns: Record<string, string> = {};
    const before: string[] = [];
    for (const [state, placeholder] of Object.entries(startsOf(expected))) {
      const answers = scenario.stubs[state] ?? [];
      const isMissing = answers.some((answer) => 'error' in answer && answer.error === MISSING);
      const arn = await this.#machine(`${id}-${placeholder}`, PASS);
      arns[placeholder] = isMissing ? `${arn}${MISSING_SUFFIX}` : arn;
      const calls = expected.filter((call) => call.state === state);
      for (const [index, answer] of answers.entries()) {
        if (!('error' in answer) || answer.error !== EXISTS) continue;
        const name = String(calls[index]?.parameters['Name']);
        await this.#begin(arn, name, {});
        before.push(name);
      }
    }
    return { arns, before };
  }

  async #machine(name: string, definition: string): Promise<string> {
    const command = new CreateStateMachineCommand({ name, roleArn: this.#roleArn, definition });
    return (await this.#sfn.send(command)).stateMachineArn ?? '';
  }

  async #begin(stateMachineArn: string, name: string, input: unknown): Promise<string> {
    const request = { stateMachineArn, name, input: JSON.stringify(input) };
    return (await this.#sfn.send(new StartExecutionCommand(request))).executionArn ?? '';
  }

  #ended(executionArn: string) {
    const probe = async () => {
      const execution = await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status !== 'RUNNING' && execution;
    };
    const what = `the end of ${executionArn}`;
    return until(probe, { timeoutSeconds: 120, pollMilliseconds: 300, what });
  }

  async #path(executionArn: string): Promise<string[]> {
    const command = new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 });
    const { events = [], nextToken } = await this.#sfn.send(command);
    if (nextToken !== undefined) throw new Error(`${executionArn} has more than 1000 events`);
    return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
  }

  async #started(arns: Record<string, string>, before: readonly string[]): Promise<string[]> {
    const names: string[] = [];
    for (const stateMachineArn of Object.values(arns)) {
      if (stateMachineArn.endsWith(MISSING_SUFFIX)) continue;
      const listed = await this.#sfn.send(new ListExecutionsCommand({ stateMachineArn }));
      names.push(...(listed.executions ?? []).map(({ name }) => name ?? ''));
    }
    return names.filter((name) => !before.includes(name)).sort();
  }

  async #complete(taskToken: string, result: unknown): Promise<void> {
    const output = JSON.stringify(result);
    await this.#sfn.send(new SendTaskSuccessCommand({ taskToken, output }));
  }
}

/** Placeholder of the machine that each state starts. */
function startsOf(calls: readonly SeenCall[]): Record<string, string> {
  const starts: Record<string, string> = {};
  for (const { state, parameters } of calls) {
    const placeholder = /^\$\{(\w+)\}$/.exec(String(parameters['StateMachineArn']))?.[1];
    if (placeholder !== undefined) starts[state] = placeholder;
  }
  return starts;
}

/** States that nobody answers at least once. */
function unanswered(scenario: Scenario): readonly string[] {
  const isTimeout = (answer: Answer) => 'error' in answer && answer.error === TIMEOUT;
  return Object.entries(scenario.stubs).flatMap(([state, answers]) =>
    answers.some(isTimeout) ? [state] : [],
  );
}

/** What the machine of a scenario has in place of the real parts. */
interface Stubs {
  readonly functionArn: string;
  /** Machines that are started, by placeholder. */
  readonly arns: Readonly<Record<string, string>>;
  /** States with a short time limit of their own. */
  readonly impatient: readonly string[];
}

/** The machine as it lies in the file, but each function is the stub, which is told the state and the execution. */
function stubbed(machine: Machine, stubs: Stubs): Machine {
  const States = Object.fromEntries(
    Object.entries(machine.States).map(([name, state]) => [
      name,
      stubs.impatient.includes(name)
        ? hurried(stubbedState(state, stubs))
        : stubbedState(state, stubs),
    ]),
  );
  return { ...machine, States };
}

function hurried(state: State): State {
  const scale = EMULATOR[EMULATOR_UNDER_TEST].scalesTimeLimits ? WAIT_SCALE : 1;
  const { TimeoutSecondsPath: _, ...rest } = state as State & { TimeoutSecondsPath?: string };
  return { ...rest, TimeoutSeconds: PATIENCE_SECONDS / scale } as State;
}

function stubbedState(state: State, stubs: Stubs): State {
  if (state.ItemProcessor) {
    return { ...state, ItemProcessor: stubbed(state.ItemProcessor, stubs) };
  }
  const { FunctionName, StateMachineArn, Payload } = (state.Parameters ?? {}) as Record<
    string,
    unknown
  >;
  if (FunctionName !== undefined) {
    const told = { 'execution.$': '$$.Execution.Name', 'state.$': '$$.State.Name' };
    const Parameters = {
      FunctionName: stubs.functionArn,
      Payload: { ...told, parameters: Payload },
    };
    return { ...state, Parameters };
  }
  if (typeof StateMachineArn !== 'string') return state;
  const arn = stubs.arns[StateMachineArn.slice(2, -1)] ?? stubs.functionArn;
  return { ...state, Parameters: { ...(state.Parameters as object), StateMachineArn: arn } };
}
