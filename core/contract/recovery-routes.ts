// SPDX-License-Identifier: Apache-2.0
// Routes of recoveries; a part of the route table.
import * as recoveries from './recoveries.ts';

export const RECOVERY_ROUTES = {
  startRecovery: {
    method: 'POST',
    path: '/v1/recoveries',
    function: 'manage-recoveries',
    action: 'recovery:request',
    status: 202,
    summary: 'Ask for approvals to recover the key store, or disconnect it alone in an emergency',
    request: recoveries.StartRecoveryRequest,
    response: recoveries.RecoveryAccepted,
    idempotent: true,
  },
  listRecoveries: {
    method: 'GET',
    path: '/v1/recoveries',
    function: 'manage-recoveries',
    action: 'recovery:read',
    status: 200,
    summary: 'List recoveries, the newest first',
    response: recoveries.RecoveryPage,
  },
  getRecovery: {
    method: 'GET',
    path: '/v1/recoveries/{id}',
    function: 'manage-recoveries',
    action: 'recovery:read',
    status: 200,
    summary: 'Show one recovery: its phases, how long each took, and what every canary said',
    response: recoveries.Recovery,
  },
  resumeRecovery: {
    method: 'POST',
    path: '/v1/recoveries/{id}/resumption',
    function: 'manage-recoveries',
    action: 'recovery:resume',
    status: 200,
    summary: 'Take a recovery up again that stopped: it looks at what there is and goes on',
    response: recoveries.Recovery,
  },
} as const;
