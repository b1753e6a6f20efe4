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
