// SPDX-License-Identifier: Apache-2.0
// Answers the tasks of running executions from their scenarios, and remembers what was asked.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allStates, readWorkflow } from '#test/support/asl.ts';
import { type Answer, answering, type Scenario, type SeenCall } from '../scenarios/scenario.ts';

/** What the stub function or the key endpoint sends for one call. */
interface Asked {
  readonly execution: string;
  /** Of a function; an `aws-sdk:` state is found by its operation. */
  readonly state?: string;
  readonly operation?: string;
  readonly parameters: Record<string, unknown>;
}

/** Ends the wait for a task token. */
export type Callback = (token: string, result: unknown) => Promise<void>;

interface Play {
  readonly workflow: string;
  readonly answerTo: (state: string) => Answer;
  readonly expected: readonly SeenCall[];
  readonly calls: SeenCall[];
}

/** The error of a task that nobody answered in time. */
export const TIMEOUT = 'States.Timeout';
const OK: Answer = { result: { StatusCode: 200, Payload: {} } };

/** See the file's head. */
export class AnswerServer {
  readonly #plays = new Map<string, Play>();
  readonly #callback: Callback;
  readonly #server: Server;

  constructor(callback: Callback) {
    this.#callback = callback;
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
      response.end(JSON.stringify(await this.#answer(asked)));
    });
  }

  /** Its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Makes ready for an execution; `expected` are the calls the interpreter saw. */
  expect(
    execution: string,
    workflow: string,
    scenario: Scenario,
    expected: readonly SeenCall[],
  ): void {
    const answerTo = answering(scenario);
    this.#plays.set(execution, { workflow, answerTo, expected, calls: [] });
  }

  /** The calls of an execution so far. */
  calls(execution: string): readonly SeenCall[] {
    return this.#plays.get(execution)?.calls ?? [];
  }

  async #answer({ execution, state, operation, parameters }: Asked): Promise<Answer> {
    const play = this.#plays.get(execution);
    if (!play) return { error: 'UnknownExecution', cause: execution };
    const name = state ?? stateOf(play, operation ?? '');
    play.calls.push({ state: name, parameters });
    const answer = play.answerTo(name);
    const token = parameters['taskToken'];
    if (typeof token === 'string') {
      // Nobody may answer with an error of Step Functions itself: nobody answers, and the time is over.
      if ('error' in answer && answer.error === TIMEOUT) return OK;
      if ('error' in answer) return answer;
      await this.#callback(token, answer.result);
      return OK;
    }
    return state === undefined ? withoutService(answer) : answer;
  }
}

/** The state that makes a service call; where two make the same one, the one whose turn it is. */
function stateOf({ workflow, expected, calls }: Play, operation: string): string {
  const candidates = allStates(readWorkflow(workflow))
    .filter(([, { Resource }]) => Resource?.toLowerCase().endsWith(`:${operation.toLowerCase()}`))
    .map(([name]) => name);
  const turn = expected[calls.length]?.state ?? '';
  return candidates.includes(turn) ? turn : (candidates[0] ?? operation);
}

/** On the wire an error has no service before its name, and KMS spells its own in capitals. */
function withoutService(answer: Answer): Answer {
  if ('result' in answer) return answer;
  return {
    error: answer.error.replace(/^(Kms|CloudHsmV2)\./, '').replace(/^Kms/, 'KMS'),
    cause: answer.cause ?? '',
  };
}
