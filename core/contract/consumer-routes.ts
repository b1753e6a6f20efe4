// SPDX-License-Identifier: Apache-2.0
// Routes of the consumers of keys; a part of the route table.
import { Accepted } from './api.ts';
import * as consumers from './consumers.ts';

export const CONSUMER_ROUTES = {
  listConsumers: {
    method: 'GET',
    path: '/v1/keys/{name}/consumers',
    function: 'manage-consumers',
    action: 'consumer:read',
    status: 200,
    summary: 'List the consumers of a key: who is on which version, last seen, lagging',
    response: consumers.ConsumerPage,
  },
  getConsumer: {
    method: 'GET',
    path: '/v1/keys/{name}/consumers/{consumer}',
    function: 'manage-consumers',
    action: 'consumer:read',
    status: 200,
    summary: 'Show one consumer',
    response: consumers.Consumer,
  },
  putConsumer: {
    method: 'PUT',
    path: '/v1/keys/{name}/consumers/{consumer}',
    function: 'manage-consumers',
    action: 'consumer:manage',
    status: 202,
    summary: 'Register a consumer, which opens the key to its principal, or change one',
    request: consumers.PutConsumerRequest,
    response: Accepted,
    idempotent: true,
    conditional: 'ifExists',
  },
  deleteConsumer: {
    method: 'DELETE',
    path: '/v1/keys/{name}/consumers/{consumer}',
    function: 'manage-consumers',
    action: 'consumer:manage',
    status: 202,
    summary: 'Remove a consumer, which closes the key to its principal',
    response: Accepted,
    idempotent: true,
    conditional: 'always',
  },
  acknowledgePurge: {
    method: 'PUT',
    path: '/v1/keys/{name}/consumers/{consumer}/purge',
    function: 'manage-consumers',
    action: 'consumer:acknowledge-purge',
    status: 200,
    summary: 'Say that the caches of a consumer hold nothing of a stopped key any more',
    request: consumers.AcknowledgePurgeRequest,
    response: consumers.Consumer,
  },
} as const;
