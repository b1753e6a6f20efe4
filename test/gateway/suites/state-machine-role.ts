// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Fixture, Suite } from '../fixture.ts';

/** One call per way a state machine reaches a service. */
function integrations(
  fixture: Fixture,
): [name: string, resource: string, parameters: object, denial: string][] {
  const TableName = fixture.output('TableName');
  const item = { TableName, Item: { pk: { S: 'machine' } } };
  const StateMachineArn = fixture.output('StateMachinePassingArn');
  const FunctionName = fixture.output('ProbeArn');
  const queue = { QueueUrl: fixture.output('QueueUrl'), MessageBody: 'text' };
  const secret = { SecretId: fixture.output('SecretArn') };
  return [
    ['dynamodb', 'dynamodb:putItem', item, 'DynamoDB.AmazonDynamoDBException'],
    ['sdkDynamodb', 'aws-sdk:dynamodb:putItem', item, 'DynamoDb.DynamoDbException'],
    [
      'transaction',
      'aws-sdk:dynamodb:transactWriteItems',
      { TransactItems: [{ Put: item }] },
      'DynamoDb.DynamoDbException',
    ],
    ['lambda', 'lambda:invoke', { FunctionName, Payload: {} }, 'Lambda.AWSLambdaException'],
    [
      'start',
      'states:startExecution',
      { StateMachineArn },
      'StepFunctions.AWSStepFunctionsException',
    ],
    [
      'child',
      'states:startExecution.sync:2',
      { StateMachineArn },
      'StepFunctions.AWSStepFunctionsException',
    ],
    ['sdkStart', 'aws-sdk:sfn:startExecution', { StateMachineArn }, 'Sfn.SfnException'],
    ['sqs', 'sqs:sendMessage', queue, 'SQS.AmazonSQSException'],
    [
      'secret',
      'aws-sdk:secretsmanager:getSecretValue',
      secret,
      'SecretsManager.SecretsManagerException',
    ],
    ['hsm', 'aws-sdk:cloudhsmv2:describeClusters', {}, 'CloudHsmV2.CloudHsmV2Exception'],
  ];
}

/** All of them as branches; a branch that fails yields its error. */
function definition(fixture: Fixture): object {
  const Branches = integrations(fixture).map(([name, resource, Parameters]) => ({
    StartAt: name,
    States: {
      [name]: {
        Type: 'Task',
        Resource: `arn:aws:states:::${resource}`,
        Parameters,
        Catch: [{ ErrorEquals: ['States.ALL'], Next: `${name}Failed` }],
        Next: `${name}Done`,
      },
      [`${name}Done`]: { Type: 'Pass', Result: 'done', End: true },
      [`${name}Failed`]: { Type: 'Pass', OutputPath: '$.Error', End: true },
    },
  }));
  return { StartAt: 'All', States: { All: { Type: 'Parallel', Branches, End: true } } };
}

async function outcomes(fixture: Fixture, role: string): Promise<Record<string, unknown>> {
  const execution = await fixture.execute(fixture.output(role), definition(fixture));
  const results = JSON.parse(execution.output ?? '[]') as unknown[];
  return Object.fromEntries(integrations(fixture).map(([name], index) => [name, results[index]]));
}

export const stateMachineRole: Suite = (fixture) =>
  describe('state machines under their role', () => {
    it('may do what the role allows', async () => {
      const done = integrations(fixture()).map(([name]) => [name, 'done']);

      expect(await outcomes(fixture(), 'MachineRoleArn')).toEqual(Object.fromEntries(done));
    });

    it('may do nothing with a role that allows nothing', async () => {
      const denied = integrations(fixture()).map(([name, , , error]) => [name, error]);

      expect(await outcomes(fixture(), 'EmptyRoleArn')).toEqual(Object.fromEntries(denied));
    });

    it('are checked inside a Map, and when they wait for a token', async () => {
      const invoke = {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Parameters: { FunctionName: fixture().output('ProbeArn'), 'Payload.$': '$$.Task.Token' },
        End: true,
      };
      const ItemProcessor = { StartAt: 'Invoke', States: { Invoke: invoke } };
      const States = { Each: { Type: 'Map', ItemProcessor, End: true } };
      const role = fixture().output('EmptyRoleArn');

      const input = [1, 2, 3] as unknown as object;
      const execution = await fixture().execute(role, { StartAt: 'Each', States }, input);

      expect(execution).toMatchObject({ status: 'FAILED', error: 'Lambda.AWSLambdaException' });
    });

    it('do not lend their role to others that run at the same time', async () => {
      const { machine, begin, finished, output } = bound(fixture());
      const put = integrations(fixture())[0];
      const States = {
        Put: {
          Type: 'Task',
          Resource: `arn:aws:states:::${put?.[1]}`,
          Parameters: put?.[2],
          End: true,
        },
      };
      const allowed = await machine(output('MachineRoleArn'), { StartAt: 'Put', States });
      const denied = await machine(output('EmptyRoleArn'), { StartAt: 'Put', States });

      const arns = await Promise.all(
        Array.from({ length: 16 }, (_, index) => begin(index % 2 === 0 ? allowed : denied)),
      );
      const ended = await Promise.all(arns.map((arn) => finished(arn)));

      expect(ended.map(({ status }) => status)).toEqual(
        arns.map((_, index) => (index % 2 === 0 ? 'SUCCEEDED' : 'FAILED')),
      );
    });
  });

function bound(fixture: Fixture) {
  return {
    machine: fixture.machine.bind(fixture),
    begin: fixture.begin.bind(fixture),
    finished: fixture.finished.bind(fixture),
    output: fixture.output.bind(fixture),
  };
}
