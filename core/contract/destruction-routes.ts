// SPDX-License-Identifier: Apache-2.0
// Routes of destruction; a part of the route table.
import { ActAccepted } from './approvals.ts';
import * as destruction from './destruction.ts';

export const DESTRUCTION_ROUTES = {
  requestDestruction: {
    method: 'POST',
    path: '/v1/keys/{name}/destructions',
    function: 'manage-destruction',
    action: 'key:destroy',
    status: 202,
    summary: 'Ask for approvals to destroy a replaced version for ever',
    request: destruction.RequestDestructionRequest,
    response: ActAccepted,
    idempotent: true,
  },
  getDestruction: {
    method: 'GET',
    path: '/v1/keys/{name}/versions/{version}/destruction',
    function: 'manage-destruction',
    action: 'source:read',
    status: 200,
    summary: 'Show how far a destruction is, and its certificate',
    response: destruction.Destruction,
  },
  stopDestruction: {
    method: 'DELETE',
    path: '/v1/keys/{name}/versions/{version}/destruction',
    function: 'manage-destruction',
    action: 'key:stop-destruction',
    status: 200,
    summary: 'Stop a destruction, until KMS has deleted the key; one person may',
    request: destruction.StopDestructionRequest,
    response: destruction.Destruction,
  },
  reportMaterial: {
    method: 'PUT',
    path: '/v1/keys/{name}/versions/{version}/destruction/material',
    function: 'manage-destruction',
    action: 'task:complete',
    status: 200,
    summary: 'Report, as HSM administrator, that the cluster lists nothing of a destroyed version',
    request: destruction.ReportMaterialRequest,
    response: destruction.Destruction,
  },
} as const;
