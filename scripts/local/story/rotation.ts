// SPDX-License-Identifier: Apache-2.0
// The rotation of the story: due by the API, fired by EventBridge Scheduler with the very target of the recurring
// sweep, watched until it ends.
import {
  CreateScheduleCommand,
  GetScheduleCommand,
  type SchedulerClient,
} from '@aws-sdk/client-scheduler';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import type { StackInfo } from '../stack-file.ts';
import { until } from '../waiting.ts';

type Operation = ResponseOf<'getOperation'>;

/** Makes a key due now, as an operator would. */
export async function makeDue(operator: Client, name: string): Promise<void> {
  const key = await operator.getKey(name);
  const ifMatch = key.etag ?? '';
  await operator.updateKey(name, { nextRotationAt: new Date().toISOString() }, { ifMatch });
}

/** Fires a recurring schedule once more, by its own target and role; the one-time schedule removes itself. */
export async function fireOnce(
  client: SchedulerClient,
  stack: StackInfo,
  Name: string | undefined,
  seconds: number,
): Promise<string> {
  const { SchedulerGroupName: GroupName } = stack.outputs;
  const recurring = await client.send(new GetScheduleCommand({ Name, GroupName }));
  const at = new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19);
  await client.send(
    new CreateScheduleCommand({
      Name: `once-${Date.now()}`,
      GroupName,
      ScheduleExpression: `at(${at})`,
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      Target: recurring.Target,
    }),
  );
  return at;
}

/** A sweep beside those of the schedule. @returns when, in UTC */
export function scheduleSweep(
  client: SchedulerClient,
  stack: StackInfo,
  seconds: number,
): Promise<string> {
  return fireOnce(client, stack, stack.outputs['SweepScheduleName'], seconds);
}

/** Waits until a sweep has given the key to a rotation. @returns the operation's id */
export async function admittedOperation(operator: Client, name: string): Promise<string> {
  return until(async () => (await operator.getKey(name)).body.operationId ?? false, {
    timeoutSeconds: 60,
    what: `a sweep to admit ${name}`,
  });
}

/** Watches an operation until it ends, telling each new step. */
export async function watch(
  operator: Client,
  id: string,
  onStep: (step: string, secondsSinceStart: number) => void,
): Promise<Operation> {
  let told = 0;
  return until(
    async () => {
      const { body } = await operator.getOperation(id);
      for (const { step, at } of body.timeline.slice(told)) {
        onStep(step, (Date.parse(at) - Date.parse(body.startedAt)) / 1000);
      }
      told = body.timeline.length;
      return body.state !== 'running' && body;
    },
    { timeoutSeconds: 300, pollMilliseconds: 250, what: `operation ${id} to end` },
  );
}
