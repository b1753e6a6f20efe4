// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Suite } from '../fixture.ts';

export const functionErrors: Suite = (fixture) =>
  describe('errors of functions', () => {
    const invoke = (payload: object, more: object = {}) => ({
      StartAt: 'Invoke',
      States: {
        Invoke: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { FunctionName: fixture().output('ProbeArn'), Payload: payload },
          OutputPath: '$.Payload',
          End: true,
          ...more,
        },
        Caught: { Type: 'Pass', End: true },
      },
    });
    const run = (definition: object) =>
      fixture().execute(fixture().output('MachineRoleArn'), definition);

    it('reach a Catch on the name that was thrown', async () => {
      const Catch = [{ ErrorEquals: ['KeyIsBusy'], Next: 'Caught' }];
      const execution = await run(invoke({ action: 'throw' }, { Catch }));

      expect(execution.status).toBe('SUCCEEDED');
      const { Error: name, Cause } = JSON.parse(execution.output ?? '{}');
      expect(name).toBe('KeyIsBusy');
      expect(JSON.parse(Cause)).toMatchObject({
        errorType: 'KeyIsBusy',
        errorMessage: 'somebody else has the lease',
        trace: expect.arrayContaining([expect.stringContaining('KeyIsBusy')]),
      });
    });

    it('reach a Catch of the task whose token the function was to hand on', async () => {
      const Resource = 'arn:aws:states:::lambda:invoke.waitForTaskToken';
      const Catch = [{ ErrorEquals: ['KeyIsBusy'], Next: 'Caught' }];
      const payload = { action: 'throw', 'token.$': '$$.Task.Token' };
      const execution = await run(invoke(payload, { Resource, Catch, TimeoutSeconds: 600 }));

      expect(execution.status).toBe('SUCCEEDED');
      expect(JSON.parse(execution.output ?? '{}')).toMatchObject({ Error: 'KeyIsBusy' });
    });

    it('let a Retry hand on a token at the next try', async () => {
      const Resource = 'arn:aws:states:::lambda:invoke.waitForTaskToken';
      const Retry = [{ ErrorEquals: ['KeyIsBusy'], IntervalSeconds: 1, MaxAttempts: 1 }];
      const Catch = [{ ErrorEquals: ['States.Timeout'], Next: 'Caught' }];
      const pk = crypto.randomUUID();
      const payload = { action: 'throw-once', pk, 'token.$': '$$.Task.Token' };
      const task = { Resource, Retry, Catch, OutputPath: '$', TimeoutSeconds: 5 };
      const execution = await run(invoke(payload, task));

      // Nobody answers the token of the second try, which did not throw.
      expect(execution.status).toBe('SUCCEEDED');
      expect(JSON.parse(execution.output ?? '{}')).toMatchObject({ Error: 'States.Timeout' });
    });

    it('name the death of the process Runtime.ExitError', async () => {
      const execution = await run(invoke({ action: 'die-once', pk: crypto.randomUUID() }));

      expect(execution).toMatchObject({ status: 'FAILED', error: 'Runtime.ExitError' });
    });

    it('let a Retry on Runtime.ExitError succeed with a new process', async () => {
      const Retry = [{ ErrorEquals: ['Runtime.ExitError'], IntervalSeconds: 1, MaxAttempts: 2 }];
      const execution = await run(
        invoke({ action: 'die-once', pk: crypto.randomUUID() }, { Retry }),
      );

      expect(execution.status).toBe('SUCCEEDED');
      expect(JSON.parse(execution.output ?? '')).toEqual({ survived: true });
    });
  });
