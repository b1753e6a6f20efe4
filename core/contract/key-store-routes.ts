// SPDX-License-Identifier: Apache-2.0
// Routes of key stores and of their tasks for an HSM administrator; a part of the route table.
import * as api from './api.ts';
import * as tasks from './hsm-tasks.ts';

export const KEY_STORE_ROUTES = {
  createKeyStore: {
    method: 'POST',
    path: '/v1/key-stores',
    function: 'manage-key-stores',
    action: 'key-store:provision',
    status: 202,
    summary: 'Provision the CloudHSM key store of the stage',
    request: api.CreateKeyStoreRequest,
    response: api.Accepted,
    idempotent: true,
  },
  getKeyStore: {
    method: 'GET',
    path: '/v1/key-stores/{name}',
    function: 'manage-key-stores',
    action: 'key-store:read',
    status: 200,
    summary: 'Show one key store',
    response: api.KeyStore,
  },
  listTasks: {
    method: 'GET',
    path: '/v1/key-stores/{name}/tasks',
    function: 'manage-key-stores',
    action: 'task:read',
    status: 200,
    summary: 'List the HSM-admin tasks of a key store',
    response: tasks.HsmAdminTaskPage,
  },
  completeTask: {
    method: 'POST',
    path: '/v1/key-stores/{name}/tasks/{id}/completion',
    function: 'manage-key-stores',
    action: 'task:complete',
    status: 200,
    summary: 'Report an HSM-admin task as done',
    request: tasks.CompleteTaskRequest,
    response: tasks.HsmAdminTask,
  },
} as const;
