// SPDX-License-Identifier: Apache-2.0
// Routes of drills; a part of the route table.
import * as drills from './drills.ts';

export const DRILL_ROUTES = {
  startDrill: {
    method: 'POST',
    path: '/v1/drills',
    function: 'manage-drills',
    action: 'drill:run',
    status: 200,
    summary: 'Begin a recovery drill of the key store; while one runs, that one is answered',
    response: drills.Drill,
  },
  listDrills: {
    method: 'GET',
    path: '/v1/drills',
    function: 'manage-drills',
    action: 'drill:read',
    status: 200,
    summary: 'List drills, the newest first',
    response: drills.DrillPage,
  },
  getDrill: {
    method: 'GET',
    path: '/v1/drills/{id}',
    function: 'manage-drills',
    action: 'drill:read',
    status: 200,
    summary:
      'Show one drill: its phases and times, the keys it found, and which custodians answered',
    response: drills.Drill,
  },
  answerDrill: {
    method: 'POST',
    path: '/v1/drills/{id}/answers',
    function: 'manage-drills',
    action: 'drill:answer',
    status: 200,
    summary: 'Say, as a custodian, that a recovery would have reached you',
    response: drills.Drill,
  },
  reportDrillKeys: {
    method: 'POST',
    path: '/v1/drills/{id}/keys',
    function: 'manage-drills',
    action: 'task:complete',
    status: 200,
    summary: 'Hand in the labels of the keys in the restored HSM, as its administrator lists them',
    request: drills.ReportDrillKeysRequest,
    response: drills.Drill,
  },
} as const;
