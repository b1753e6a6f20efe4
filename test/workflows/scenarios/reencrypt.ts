// SPDX-License-Identifier: Apache-2.0
// Scenarios of `reencrypt`.
import { answers, fails, type ScenarioTable } from './scenario.ts';

const shard = (source: string, pass: number) => ({
  operationId: 'op_1',
  key: 'orders',
  fence: 3,
  source,
  shard: 0,
  pass,
});
const RUN = { operationId: 'op_1', key: 'orders', fence: 3 };
const pass = (number: number, ...sources: string[]) =>
  answers({ ...RUN, next: 'pass', shards: sources.map((source) => shard(source, number)) });
const DONE = answers({ ...RUN, next: 'done', shards: [] });
const SLICE = ['ReencryptSlice', 'IsShardDone'];
const input = { operationId: 'op_1', attempt: 1 };

export const REENCRYPT: ScenarioTable = {
  workflow: 'reencrypt',
  scenarios: [
    {
      name: 'goes on with passes until one finds nothing left',
      input,
      stubs: {
        BeginReencryption: [pass(1, 'archive')],
        ReencryptSlice: [answers({ isDone: false }), answers({ isDone: true })],
        ClosePass: [pass(2, 'archive'), DONE],
      },
      path: [
        'BeginReencryption',
        'HasPass',
        'ReencryptShards',
        ...SLICE,
        ...SLICE,
        'ShardDone',
        'ClosePass',
        'HasPass',
        'ReencryptShards',
        ...SLICE,
        'ShardDone',
        'ClosePass',
        'HasPass',
        'Reencrypted',
      ],
      status: 'SUCCEEDED',
    },
    {
      name: 'ends at once when no source holds items',
      input,
      stubs: { BeginReencryption: [DONE] },
      path: ['BeginReencryption', 'HasPass', 'Reencrypted'],
      status: 'SUCCEEDED',
    },
    {
      name: 'retries a worker that was killed',
      input,
      stubs: {
        BeginReencryption: [pass(1, 'archive')],
        ReencryptSlice: [fails('Runtime.ExitError'), answers({ isDone: true })],
        ClosePass: [fails('SourceUnavailable')],
      },
      path: [
        'BeginReencryption',
        'HasPass',
        'ReencryptShards',
        ...SLICE,
        'ShardDone',
        'ClosePass',
        'ParkOperation',
        'Parked',
      ],
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'leaves a shard that fails for good',
      input,
      stubs: {
        BeginReencryption: [pass(1, 'archive')],
        ReencryptSlice: [fails('KeyNotUsable')],
        ClosePass: [fails('SourceUnavailable')],
      },
      path: [
        'BeginReencryption',
        'HasPass',
        'ReencryptShards',
        'ReencryptSlice',
        'ShardLeft',
        'ClosePass',
        'ParkOperation',
        'Parked',
      ],
      status: 'FAILED',
      error: 'Parked',
    },
    {
      name: 'fails visibly when its attempt is not the run any more',
      input,
      stubs: { BeginReencryption: [fails('LeaseLost')] },
      path: ['BeginReencryption', 'NotBegun'],
      status: 'FAILED',
      error: 'NotBegun',
    },
    {
      name: 'ends as parked also when parking fails',
      input,
      stubs: {
        BeginReencryption: [pass(1, 'archive')],
        ReencryptSlice: [answers({ isDone: true })],
        ClosePass: [fails('InternalError')],
        ParkOperation: [fails('LeaseLost')],
      },
      path: [
        'BeginReencryption',
        'HasPass',
        'ReencryptShards',
        ...SLICE,
        'ShardDone',
        'ClosePass',
        'ParkOperation',
        'Parked',
      ],
      status: 'FAILED',
      error: 'Parked',
    },
  ],
};
