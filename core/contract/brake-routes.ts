// SPDX-License-Identifier: Apache-2.0
// Routes of mass brakes; a part of the route table.
import { ActAccepted } from './approvals.ts';
import * as brakes from './brakes.ts';

export const BRAKE_ROUTES = {
  applyBrake: {
    method: 'POST',
    path: '/v1/brakes',
    function: 'manage-brakes',
    action: 'brake:apply',
    status: 202,
    summary:
      'Deny the roles of consumers every use of managed keys at KMS: asks for approvals, or acts at once in an emergency',
    request: brakes.ApplyBrakeRequest,
    response: brakes.BrakeAccepted,
    idempotent: true,
  },
  listBrakes: {
    method: 'GET',
    path: '/v1/brakes',
    function: 'manage-brakes',
    action: 'brake:read',
    status: 200,
    summary: 'List the brakes that hold, and those that were lifted last',
    response: brakes.BrakePage,
  },
  getBrake: {
    method: 'GET',
    path: '/v1/brakes/{id}',
    function: 'manage-brakes',
    action: 'brake:read',
    status: 200,
    summary: 'Show a brake with each of its roles',
    response: brakes.Brake,
  },
  liftBrake: {
    method: 'DELETE',
    path: '/v1/brakes/{id}',
    function: 'manage-brakes',
    action: 'brake:lift',
    status: 202,
    summary: 'Ask for approvals to lift a brake from all its roles',
    request: brakes.LiftBrakeRequest,
    response: ActAccepted,
    idempotent: true,
  },
} as const;
