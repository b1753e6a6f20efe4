// SPDX-License-Identifier: Apache-2.0
// How the methods of key stores and their HSMs are called, and the path that must be requested; a part of `client.test.ts`.
import type { Client } from '#client/sdk/index.ts';

type Call = readonly [(client: Client) => Promise<unknown>, string];

export const KEY_STORE_CALLS = {
  createKeyStore: [(c) => c.createKeyStore({ name: 'main' }), '/v1/key-stores'],
  readCapacity: [(c) => c.readCapacity('main'), '/v1/key-stores/main/capacity'],
  listHsms: [(c) => c.listHsms('main'), '/v1/key-stores/main/hsms'],
  changeHsms: [(c) => c.changeHsms('main', { zone: 'eu-west-1b' }), '/v1/key-stores/main/hsms'],
  getKeyStore: [(c) => c.getKeyStore('main'), '/v1/key-stores/main'],
  listTasks: [(c) => c.listTasks('main'), '/v1/key-stores/main/tasks'],
  completeTask: [
    (c) => c.completeTask({ keyStore: 'main', task: 'task_1' }, {}),
    '/v1/key-stores/main/tasks/task_1/completion',
  ],
} satisfies Record<string, Call>;
