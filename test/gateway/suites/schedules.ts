// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateScheduleCommand,
  type CreateScheduleInput,
  GetScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { until } from '#scripts/local/waiting.ts';
import type { Credentials, Fixture, Suite } from '../fixture.ts';

/** `at()` so many milliseconds from now on the wall clock of Tokyo, which has no daylight saving. */
export function atInTokyo(
  milliseconds: number,
): Pick<CreateScheduleInput, 'ScheduleExpression' | 'ScheduleExpressionTimezone'> {
  const tokyo = new Date(Date.now() + milliseconds + 9 * 3_600_000).toISOString().slice(0, 19);
  return { ScheduleExpression: `at(${tokyo})`, ScheduleExpressionTimezone: 'Asia/Tokyo' };
}

/** Creates a schedule for a machine of its own and returns how often that has been started. */
export async function schedule(
  fixture: Fixture,
  when: Partial<CreateScheduleInput>,
  { role = fixture.output('ScheduleRoleArn'), as }: { role?: string; as?: Credentials } = {},
) {
  const States = { Pass: { Type: 'Pass', End: true } };
  const machine =
    role === fixture.output('ScheduleRoleArn')
      ? fixture.output('StateMachinePassingArn')
      : await fixture.machine(fixture.output('EmptyRoleArn'), { StartAt: 'Pass', States });
  const Name = `test-${crypto.randomUUID()}`;
  const command = new CreateScheduleCommand({
    Name,
    ScheduleExpression: 'rate(1 day)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: machine,
      RoleArn: role,
      Input: JSON.stringify({ Name, at: '<aws.scheduler.scheduled-time>' }),
    },
    ...when,
  });
  await fixture.clients(as).scheduler.send(command);
  return { Name, runs: () => runsOf(fixture, machine, Name) };
}

async function runsOf(fixture: Fixture, stateMachineArn: string, name: string) {
  const { sfn } = fixture.clients();
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  const found = await Promise.all(
    executions.map(({ executionArn }) => fixture.finished(executionArn ?? '')),
  );
  return found.filter(({ input }) => input?.includes(name));
}

export const schedules: Suite = (fixture) =>
  describe('EventBridge Scheduler', () => {
    it('fires at() within two seconds, on the wall clock of its zone', async () => {
      const when = atInTokyo(1500);
      const { runs } = await schedule(fixture(), when);

      const [run] = await until(async () => (await runs()).length > 0 && runs(), {
        timeoutSeconds: 10,
        what: 'the schedule to fire',
      });

      const due = Date.parse(`${when.ScheduleExpression?.slice(3, -1)}+09:00`);
      const delay = (run?.startDate?.getTime() ?? 0) - due;
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(2000);
      expect(JSON.parse(run?.input ?? '{}').at).toBe(
        new Date(due).toISOString().replace('.000', ''),
      );
    });

    it('forgets a schedule that asks for it, once it has fired', async () => {
      const { Name } = await schedule(fixture(), {
        ...atInTokyo(0),
        ActionAfterCompletion: 'DELETE',
      });
      const get = new GetScheduleCommand({ Name });

      const gone = () =>
        fixture()
          .clients()
          .scheduler.send(get)
          .then(
            () => false,
            (error: Error) => error.name,
          );

      expect(await until(gone, { timeoutSeconds: 10, what: 'the schedule to be deleted' })).toBe(
        'ResourceNotFoundException',
      );
    });

    it('does not fire a target that the role may not start', async () => {
      const role = fixture().output('EmptyRoleArn');
      const { Name, runs } = await schedule(fixture(), atInTokyo(0), { role });
      const log = join(fixture().stack.layout.logs, 'gateway.log');

      const refused = () => readFileSync(log, 'utf8').includes(`target of ${Name} not invoked`);
      await until(refused, { timeoutSeconds: 10, what: 'the refusal in the log' });

      expect(await runs()).toEqual([]);
    });

    it('needs iam:PassRole from whoever names the role', async () => {
      const as = await fixture().assume(fixture().output('WorkloadRoleOrdersApiArn'));

      await expect(schedule(fixture(), {}, { as })).rejects.toMatchObject({
        name: 'AccessDeniedException',
      });
    });
  });
