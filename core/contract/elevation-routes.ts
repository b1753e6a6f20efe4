// SPDX-License-Identifier: Apache-2.0
// Routes of rights for a while; a part of the route table.
import { ActAccepted } from './approvals.ts';
import * as elevations from './elevations.ts';

export const ELEVATION_ROUTES = {
  requestElevation: {
    method: 'POST',
    path: '/v1/elevations',
    function: 'manage-elevations',
    action: 'elevation:request',
    status: 202,
    summary: 'Ask for the rights of a group for a while, for oneself; others decide',
    request: elevations.RequestElevationRequest,
    response: ActAccepted,
    idempotent: true,
  },
  listElevations: {
    method: 'GET',
    path: '/v1/elevations',
    function: 'manage-elevations',
    action: 'elevation:read',
    status: 200,
    summary: 'List who has rights for a while, and who had them within 30 days',
    response: elevations.ElevationPage,
  },
  revokeElevation: {
    method: 'DELETE',
    path: '/v1/elevations/{id}',
    function: 'manage-elevations',
    action: 'elevation:revoke',
    status: 200,
    summary: 'End such rights before their time',
    response: elevations.Elevation,
  },
} as const;
