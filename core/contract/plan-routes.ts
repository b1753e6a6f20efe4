// SPDX-License-Identifier: Apache-2.0
// Routes of plans, reports and capacity; a part of the route table.
import * as adoptions from './adoptions.ts';
import { ActAccepted } from './approvals.ts';
import * as plans from './plans.ts';

export const PLAN_ROUTES = {
  createPlan: {
    method: 'POST',
    path: '/v1/plans',
    function: 'plan-changes',
    action: 'key:plan',
    status: 200,
    summary: 'Show what an operation would touch; changes nothing',
    request: plans.PlanRequest,
    response: plans.Plan,
  },
  releaseKey: {
    method: 'POST',
    path: '/v1/keys/{name}/releases',
    function: 'release-keys',
    action: 'key:release',
    status: 202,
    summary:
      'Let a key go, with approvals where it has consumers: its KMS keys stay usable without Keyturn',
    request: adoptions.ReleaseKeyRequest,
    response: ActAccepted,
    idempotent: true,
  },
  createAdoption: {
    method: 'POST',
    path: '/v1/adoptions',
    function: 'manage-adoptions',
    action: 'key:adopt',
    status: 200,
    summary: 'Report on a KMS key that Keyturn did not make, or take it over',
    request: adoptions.AdoptionRequest,
    response: adoptions.AdoptionReport,
    mayStart: true,
  },
  readCapacity: {
    method: 'GET',
    path: '/v1/key-stores/{name}/capacity',
    function: 'plan-changes',
    action: 'key-store:read',
    status: 200,
    summary: 'Show how full the HSM cluster of a key store is, by class, and when it will be full',
    response: plans.Capacity,
  },
} as const;
