// SPDX-License-Identifier: Apache-2.0
// Scenarios of `recover-key-store`.
import { answers, fails, type ScenarioTable } from './scenario.ts';

const look = (next: string, lookLimit = 3) =>
  answers({ next, round: 1, clusterId: 'cluster-1', waitSeconds: 1, lookLimit });
const input = { operationId: 'op_1', keyStore: 'main', attempt: 1 };
const LOOK = ['RecoverKeyStore', 'WhatIsNext'];
const WAIT = ['CountLook', 'IsStuck', 'AwaitCloud'];
const PARKED = ['ParkRecovery', 'Parked'];
const PARKS = { status: 'FAILED', error: 'Parked' } as const;

export const RECOVER_KEY_STORE: ScenarioTable = {
  workflow: 'recover-key-store',
  scenarios: [
    {
      name: 'waits for CloudHSM, has the administrator do their task, and surveys page by page',
      input,
      stubs: {
        RecoverKeyStore: [
          look('look'),
          look('wait'),
          look('ask-admin'),
          look('survey'),
          look('done'),
        ],
        SurveyKeys: [answers({ isDone: false }), answers({ isDone: true })],
      },
      path: [
        'BeginLooking',
        ...LOOK,
        ...LOOK,
        ...WAIT,
        ...LOOK,
        'ResetKmsUser',
        ...LOOK,
        'SurveyKeys',
        'IsSurveyed',
        'SurveyKeys',
        'IsSurveyed',
        ...LOOK,
        'Recovered',
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'parks when a person must help, and says so',
      input,
      stubs: { RecoverKeyStore: [fails('KeyStoreUnavailable')] },
      path: ['BeginLooking', 'RecoverKeyStore', ...PARKED],
      ...PARKS,
    },
    {
      name: 'parks when nothing goes on',
      input,
      stubs: { RecoverKeyStore: [look('wait', 1)] },
      path: ['BeginLooking', ...LOOK, 'CountLook', 'IsStuck', 'RecoveryStuck', ...PARKED],
      ...PARKS,
    },
    {
      name: 'parks when nobody did the task in time',
      input,
      stubs: { RecoverKeyStore: [look('ask-admin')], ResetKmsUser: [fails('States.Timeout')] },
      path: ['BeginLooking', ...LOOK, 'ResetKmsUser', ...PARKED],
      ...PARKS,
    },
    {
      name: 'parks when the task could not be opened',
      input,
      stubs: { RecoverKeyStore: [look('ask-admin')], ResetKmsUser: [fails('LeaseLost')] },
      path: ['BeginLooking', ...LOOK, 'ResetKmsUser', ...PARKED],
      ...PARKS,
    },
    {
      name: 'parks when the survey cannot go on',
      input,
      stubs: { RecoverKeyStore: [look('survey')], SurveyKeys: [fails('InternalError')] },
      path: ['BeginLooking', ...LOOK, 'SurveyKeys', ...PARKED],
      ...PARKS,
    },
    {
      name: 'ends even when the record cannot be written',
      input,
      stubs: {
        RecoverKeyStore: [fails('KeyStoreUnavailable')],
        ParkRecovery: [fails('LeaseLost')],
      },
      path: ['BeginLooking', 'RecoverKeyStore', ...PARKED],
      ...PARKS,
    },
  ],
};
