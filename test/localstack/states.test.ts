// SPDX-License-Identifier: Apache-2.0
// What only an interpreter as close to AWS as LocalStack's can show: heartbeats that expire and that keep a task alive,
// single states by TestState, and a history with the states inside maps.
import { randomUUID } from 'node:crypto';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  TestStateCommand,
} from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { until } from '#scripts/local/waiting.ts';
import { received, sqs } from '#test/gateway/sqs.ts';
import { readWorkflow } from '#test/support/asl.ts';
import { ROOT_CREDENTIALS } from '../e2e/scene.ts';

const HEARTBEAT_SECONDS = 2;

let states: SFNClient;
beforeAll(() => {
  const { gatewayUrl, region } = inject('stack');
  states = new SFNClient({
    endpoint: gatewayUrl,
    region,
    credentials: ROOT_CREDENTIALS,
    // TestState is called under `sync-states.`, which does not resolve here.
    disableHostPrefix: true,
  });
});

/** A running execution that waits for a token with a heartbeat, and the token. */
async function waiting(): Promise<{ executionArn: string; taskToken: string }> {
  const name = `heartbeat-${randomUUID()}`;
  const { gatewayUrl } = inject('stack');
  const { QueueUrl } = await sqs<{ QueueUrl: string }>(gatewayUrl, 'CreateQueue', {
    QueueName: name,
  });
  const definition = JSON.stringify({
    StartAt: 'Ask',
    States: {
      Ask: {
        Type: 'Task',
        Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
        Parameters: { QueueUrl, MessageBody: { 'token.$': '$$.Task.Token' } },
        TimeoutSeconds: 60,
        HeartbeatSeconds: HEARTBEAT_SECONDS,
        // Either name may come, by AWS's own words; LocalStack has the older one.
        Catch: [{ ErrorEquals: ['States.HeartbeatTimeout', 'States.Timeout'], Next: 'Late' }],
        Next: 'Answered',
      },
      Late: { Type: 'Pass', Result: 'late', End: true },
      Answered: { Type: 'Pass', End: true },
    },
  });
  const roleArn = inject('stack').roles['orders-api'];
  const create = new CreateStateMachineCommand({ name, definition, roleArn });
  const { stateMachineArn } = await states.send(create);
  const { executionArn = '' } = await states.send(new StartExecutionCommand({ stateMachineArn }));
  const message = await until(async () => (await received(gatewayUrl, QueueUrl))[0], {
    timeoutSeconds: 20,
    what: 'the token',
  });
  return { executionArn, taskToken: (JSON.parse(message.Body) as { token: string }).token };
}

function ended(executionArn: string) {
  return until(
    async () => {
      const execution = await states.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status !== 'RUNNING' && execution;
    },
    { timeoutSeconds: 30, what: 'the end of the execution' },
  );
}

describe('a task with a heartbeat', () => {
  it('is given up when no heartbeat comes', async () => {
    const { executionArn } = await waiting();

    expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '"late"' });
    const history = await states.send(new GetExecutionHistoryCommand({ executionArn }));
    const timeouts = history.events?.flatMap((event) => event.taskTimedOutEventDetails ?? []);
    expect(timeouts).toMatchObject([{ error: 'States.Timeout' }]);
  });

  it('goes on for as long as heartbeats come', async () => {
    const { executionArn, taskToken } = await waiting();
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;

    await until(
      async () => {
        await states.send(new SendTaskHeartbeatCommand({ taskToken }));
        return seconds() > 3 * HEARTBEAT_SECONDS;
      },
      { timeoutSeconds: 30, pollMilliseconds: 500, what: 'three heartbeats’ time' },
    );
    await states.send(new SendTaskSuccessCommand({ taskToken, output: '"in time"' }));

    expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '"in time"' });
  });
});

describe('single states of our workflows', () => {
  it('choose as the file says', async () => {
    const { States } = readWorkflow('approve');
    const decided = async (input: object) => {
      const test = new TestStateCommand({
        definition: JSON.stringify(States['IsDecided']),
        roleArn: inject('stack').roles['orders-api'],
        input: JSON.stringify(input),
      });
      return (await states.send(test)).nextState;
    };

    const answers = await Promise.all(
      ['pending', 'approved', 'denied'].map((state) => decided({ wait: { state } })),
    );

    expect(answers).toEqual(['AwaitDecision', 'ExecuteApproved', 'Ended']);
  });
});
