// SPDX-License-Identifier: Apache-2.0
import { answers, fails, type ScenarioTable } from './scenario.ts';

const INPUT = { operationId: 'scp_1', attempt: 1 };
const part = (hasMore: boolean, mustWait = false) => answers({ hasMore, mustWait });

export const CONTAIN_SCOPE: ScenarioTable = {
  workflow: 'contain-scope',
  scenarios: [
    {
      name: 'goes on until the scope is done',
      input: INPUT,
      stubs: { SweepScope: [part(true), part(false)] },
      path: ['BeginSweep', 'SweepScope', 'HasMoreKeys', 'SweepScope', 'HasMoreKeys', 'Contained'],
      status: 'SUCCEEDED',
    },
    {
      name: 'waits before a pass that tries again what failed',
      input: INPUT,
      stubs: { SweepScope: [part(true, true), part(false)] },
      path: [
        ...[
          'BeginSweep',
          'SweepScope',
          'HasMoreKeys',
          'CountTry',
          'HasPatience',
          'WaitForRecovery',
        ],
        ...['SweepScope', 'HasMoreKeys', 'Contained'],
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'tries again five minutes later, whatever fails',
      input: INPUT,
      stubs: { SweepScope: [fails('InternalError'), part(false)] },
      path: [
        ...['BeginSweep', 'SweepScope', 'CountTry', 'HasPatience', 'WaitForRecovery'],
        ...['SweepScope', 'HasMoreKeys', 'Contained'],
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'stops after four hours, and leaves the scope denied',
      input: INPUT,
      stubs: { SweepScope: [fails('InternalError')] },
      path: [
        'BeginSweep',
        ...Array.from({ length: 47 }, () => [
          ...['SweepScope', 'CountTry', 'HasPatience', 'WaitForRecovery'],
        ]).flat(),
        ...['SweepScope', 'CountTry', 'HasPatience', 'Stuck'],
      ],
      status: 'FAILED',
      error: 'ScopeStuck',
    },
    {
      name: 'tries a part again at once that was too fast for KMS',
      input: INPUT,
      stubs: { SweepScope: [fails('Throttled'), part(false)] },
      path: ['BeginSweep', 'SweepScope', 'HasMoreKeys', 'Contained'],
      status: 'SUCCEEDED',
    },
  ],
};
