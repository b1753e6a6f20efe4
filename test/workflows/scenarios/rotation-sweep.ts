// SPDX-License-Identifier: Apache-2.0
// Scenarios of `rotation-sweep`.
import { answers, fails, type ScenarioTable } from './scenario.ts';

const start = (kind: string, id: string) => ({
  kind,
  executionName: id,
  input: { operationId: id, attempt: 1 },
});
const FOUND = (...starts: unknown[]) => [answers({ starts, searchOrphans: true })];
const LAST_PAGE = [answers({ cursor: null, hasMore: false, verdicts: {} })];
const DUE = ['FindDueReencryptions', 'StartReencryptions'];
const TAIL = [...DUE, 'IsSearchDue', 'BeginOrphans', 'SweepOrphans', 'HasMoreKeys', 'Swept'];
const ROTATE = ['WhichWorkflow', 'StartRotateKey'];
const ADOPT = ['WhichWorkflow', 'StartAdoptKey'];
const ROTATE_DATA = ['WhichWorkflow', 'StartRotateDataKey'];

export const ROTATION_SWEEP: ScenarioTable = {
  workflow: 'rotation-sweep',
  scenarios: [
    {
      name: 'lists no keys while no row says that unrecorded ones may exist',
      input: {},
      stubs: {
        FindDueReencryptions: FOUND(),
        FindDueRotations: [answers({ starts: [], searchOrphans: false })],
      },
      path: ['FindDueRotations', 'StartOperations', ...DUE, 'IsSearchDue', 'Swept'],
      status: 'SUCCEEDED',
    },
    {
      name: 'starts nothing when nothing is due',
      input: {},
      stubs: { FindDueReencryptions: FOUND(), FindDueRotations: FOUND(), SweepOrphans: LAST_PAGE },
      path: ['FindDueRotations', 'StartOperations', ...TAIL],
      status: 'SUCCEEDED',
    },
    {
      name: 'starts each operation in its own workflow',
      input: {},
      stubs: {
        FindDueReencryptions: FOUND(),
        FindDueRotations: FOUND(
          start('rotate-key', 'op_1'),
          start('generate-key', 'op_2'),
          start('update-access', 'op_3'),
          start('rotate-data-key', 'op_4'),
          start('adopt-key', 'op_5'),
          start('revoke-key', 'op_6'),
          start('resume-key', 'op_7'),
        ),
        SweepOrphans: LAST_PAGE,
      },
      path: [
        'FindDueRotations',
        'StartOperations',
        ...ROTATE,
        'WhichWorkflow',
        'StartGenerateKey',
        'WhichWorkflow',
        'StartUpdateAccess',
        ...ROTATE_DATA,
        ...ADOPT,
        'WhichWorkflow',
        'StartRevokeKey',
        'WhichWorkflow',
        'StartResumeKey',
        ...TAIL,
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'goes on when one operation cannot be started, or is started already',
      input: {},
      stubs: {
        FindDueReencryptions: FOUND(),
        FindDueRotations: FOUND(
          start('rotate-key', 'op_1'),
          start('generate-key', 'op_2'),
          start('rotate-key', 'op_3'),
          start('update-access', 'op_4'),
          start('rotate-data-key', 'op_5'),
          start('adopt-key', 'op_6'),
          start('revoke-key', 'op_7'),
          start('resume-key', 'op_8'),
        ),
        StartRevokeKey: [fails('StepFunctions.ExecutionAlreadyExistsException')],
        StartResumeKey: [fails('StepFunctions.ExecutionAlreadyExistsException')],
        StartAdoptKey: [fails('StepFunctions.ExecutionAlreadyExistsException')],
        StartRotateDataKey: [fails('StepFunctions.ExecutionAlreadyExistsException')],
        StartUpdateAccess: [fails('StepFunctions.StateMachineDoesNotExistException')],
        StartRotateKey: [fails('StepFunctions.ExecutionAlreadyExistsException'), answers({})],
        StartGenerateKey: [fails('StepFunctions.StateMachineDoesNotExistException')],
        SweepOrphans: LAST_PAGE,
      },
      path: [
        'FindDueRotations',
        'StartOperations',
        ...ROTATE,
        'LeftForNextSweep',
        'WhichWorkflow',
        'StartGenerateKey',
        'LeftForNextSweep',
        ...ROTATE,
        'WhichWorkflow',
        'StartUpdateAccess',
        'LeftForNextSweep',
        ...ROTATE_DATA,
        'LeftForNextSweep',
        ...ADOPT,
        'LeftForNextSweep',
        'WhichWorkflow',
        'StartRevokeKey',
        'LeftForNextSweep',
        'WhichWorkflow',
        'StartResumeKey',
        'LeftForNextSweep',
        ...TAIL,
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'starts re-encryptions that are due, and leaves one that cannot be started',
      input: {},
      stubs: {
        FindDueRotations: FOUND(),
        FindDueReencryptions: FOUND(start('reencrypt', 'op_1'), start('reencrypt', 'op_2')),
        StartReencrypt: [fails('StepFunctions.ExecutionAlreadyExistsException'), answers({})],
        SweepOrphans: LAST_PAGE,
      },
      path: [
        'FindDueRotations',
        'StartOperations',
        ...DUE,
        'StartReencrypt',
        'RunLeft',
        'StartReencrypt',
        ...TAIL.slice(2),
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'sweeps orphans also when due re-encryptions cannot be found',
      input: {},
      stubs: {
        FindDueRotations: FOUND(),
        FindDueReencryptions: [fails('DependencyUnavailable')],
        SweepOrphans: LAST_PAGE,
      },
      path: ['FindDueRotations', 'StartOperations', 'FindDueReencryptions', ...TAIL.slice(2)],
      status: 'SUCCEEDED',
    },
    {
      name: 'looks through all pages of keys for orphans',
      input: {},
      stubs: {
        FindDueReencryptions: FOUND(),
        FindDueRotations: FOUND(),
        SweepOrphans: [answers({ cursor: 'page-2', hasMore: true, verdicts: {} }), ...LAST_PAGE],
      },
      path: [
        'FindDueRotations',
        'StartOperations',
        ...DUE,
        'IsSearchDue',
        'BeginOrphans',
        'SweepOrphans',
        'HasMoreKeys',
        'SweepOrphans',
        'HasMoreKeys',
        'Swept',
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'fails visibly when nothing due can be found',
      input: {},
      stubs: { FindDueRotations: [fails('DependencyUnavailable')] },
      path: ['FindDueRotations', 'SweepFailed'],
      status: 'FAILED',
      error: 'SweepFailed',
    },
    {
      name: 'fails visibly when orphans cannot be looked for',
      input: {},
      stubs: {
        FindDueReencryptions: FOUND(),
        FindDueRotations: FOUND(),
        SweepOrphans: [fails('AccessDenied')],
      },
      path: [
        'FindDueRotations',
        'StartOperations',
        ...DUE,
        'IsSearchDue',
        'BeginOrphans',
        'SweepOrphans',
        'SweepFailed',
      ],
      status: 'FAILED',
      error: 'SweepFailed',
    },
  ],
};
