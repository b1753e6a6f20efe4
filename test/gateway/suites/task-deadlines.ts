// SPDX-License-Identifier: Apache-2.0

import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  GetExecutionHistoryCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { until } from '#scripts/local/waiting.ts';
import type { Fixture, Suite } from '../fixture.ts';

/** A machine that stores its task token and waits. */
function waiting(fixture: Fixture, deadlines: object): object {
  const Parameters = {
    TableName: fixture.output('TableName'),
    Item: { 'pk.$': '$.name', 'token.$': '$$.Task.Token' },
  };
  const Item = { pk: { 'S.$': '$.name' }, token: { 'S.$': '$$.Task.Token' } };
  const task = {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken',
    Parameters: { ...Parameters, Item },
    End: true,
  };
  return { StartAt: 'Wait', States: { Wait: { ...task, ...deadlines } } };
}

export const taskDeadlines: Suite = (fixture) =>
  describe('deadlines of waiting tasks', () => {
    const role = () => fixture().output('MachineRoleArn');
    const tokenOf = (name: string) =>
      until(
        async () => {
          const key = { TableName: fixture().output('TableName'), Key: { pk: { S: name } } };
          const { Item } = await fixture().clients().dynamodb.send(new GetItemCommand(key));
          return Item?.['token']?.S;
        },
        { timeoutSeconds: 10, what: `the task token of ${name}` },
      );

    it('end a task whose heartbeat stays away, after which its token is unknown', async () => {
      const name = crypto.randomUUID();
      const definition = waiting(fixture(), { HeartbeatSeconds: 1, TimeoutSeconds: 60 });
      const execution = await fixture().execute(role(), definition, { name });

      expect(execution).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout' });
      const late = new SendTaskSuccessCommand({ taskToken: await tokenOf(name), output: '{}' });
      await expect(fixture().clients().sfn.send(late)).rejects.toMatchObject({
        name: 'TaskDoesNotExist',
      });
    });

    it('come from the input by TimeoutSecondsPath, heartbeats or not', async () => {
      const name = crypto.randomUUID();
      const deadlines = { HeartbeatSecondsPath: '$.beat', TimeoutSecondsPath: '$.limit' };
      const machine = await fixture().machine(role(), waiting(fixture(), deadlines));
      const execution = await fixture().begin(machine, { name, beat: 1, limit: 2 });
      const taskToken = await tokenOf(name);
      const { sfn } = fixture().clients();

      let beats = 0;
      const ended = await until(
        async () => {
          const beat = sfn.send(new SendTaskHeartbeatCommand({ taskToken }));
          beats += await beat.then(
            () => 1,
            () => 0,
          );
          const { events } = await sfn.send(
            new GetExecutionHistoryCommand({ executionArn: execution }),
          );
          return events?.some(({ type }) => type === 'ExecutionFailed');
        },
        { timeoutSeconds: 10, pollMilliseconds: 200, what: 'the time limit' },
      );

      expect(ended).toBe(true);
      // More than one: the heartbeats alone would have let it live on. How many fit in depends on the machine.
      expect(beats).toBeGreaterThan(1);
      expect(await fixture().finished(execution)).toMatchObject({ error: 'States.Timeout' });
    });

    it('do not touch a task that is answered in time', async () => {
      const name = crypto.randomUUID();
      const machine = await fixture().machine(role(), waiting(fixture(), { HeartbeatSeconds: 30 }));
      const execution = await fixture().begin(machine, { name });

      const answer = { taskToken: await tokenOf(name), output: '{"acked":true}' };
      await fixture().clients().sfn.send(new SendTaskSuccessCommand(answer));

      const { status, output } = await fixture().finished(execution);
      expect([status, output]).toEqual(['SUCCEEDED', '{"acked": true}']);
    });

    it('are answered by whoever may answer for that state machine, and by nobody else', async () => {
      const name = crypto.randomUUID();
      const machine = await fixture().machine(role(), waiting(fixture(), { TimeoutSeconds: 60 }));
      const execution = await fixture().begin(machine, { name });
      const answer = { taskToken: await tokenOf(name), output: '{}' };
      const grant = (Resource: string) => [
        { Effect: 'Allow', Action: 'states:SendTaskSuccess', Resource },
      ];
      const as = async (Resource: string) => {
        const credentials = await fixture().assume(fixture().output('AnswererRoleArn'), {
          Version: '2012-10-17',
          Statement: grant(Resource),
        });
        return fixture().clients(credentials).sfn.send(new SendTaskSuccessCommand(answer));
      };

      await expect(as(`${machine}-other`)).rejects.toMatchObject({ name: 'AccessDeniedException' });
      await as(machine);

      expect(await fixture().finished(execution)).toMatchObject({ status: 'SUCCEEDED' });
    });
  });
