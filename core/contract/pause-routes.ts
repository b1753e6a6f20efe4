// SPDX-License-Identifier: Apache-2.0
// Routes of the pause; a part of the route table.
import * as pauses from './pauses.ts';

export const PAUSE_ROUTES = {
  startPause: {
    method: 'POST',
    path: '/v1/pauses',
    function: 'manage-pauses',
    action: 'pause:manage',
    status: 200,
    summary: 'Have nothing begin by schedule that changes keys, for some hours',
    request: pauses.StartPauseRequest,
    response: pauses.Pause,
  },
  listPauses: {
    method: 'GET',
    path: '/v1/pauses',
    function: 'manage-pauses',
    action: 'pause:read',
    status: 200,
    summary: 'Show the last pause, and what KMS deletes all the same',
    response: pauses.PausePage,
  },
  endPause: {
    method: 'DELETE',
    path: '/v1/pauses/{id}',
    function: 'manage-pauses',
    action: 'pause:manage',
    status: 200,
    summary: 'End a pause before its time',
    response: pauses.Pause,
  },
} as const;
