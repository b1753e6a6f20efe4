// SPDX-License-Identifier: Apache-2.0
// Routes of who decides, those that stop keys, those that destroy versions, those of the pause and of the mass brake; a part of the route
// table.
import { ActAccepted } from './approvals.ts';
import { BRAKE_ROUTES } from './brake-routes.ts';
import * as containment from './containment.ts';
import { DECISION_POLICY_ROUTES } from './decision-policy-routes.ts';
import { DESTRUCTION_ROUTES } from './destruction-routes.ts';
import { PAUSE_ROUTES } from './pause-routes.ts';
import { StatusList } from './status-list.ts';

export const CONTAINMENT_ROUTES = {
  ...DECISION_POLICY_ROUTES,
  revokeKey: {
    method: 'POST',
    path: '/v1/keys/{name}/revocations',
    function: 'contain-keys',
    action: 'key:revoke',
    status: 202,
    summary: 'Stop a key or one version for good; it is denied before this answers',
    request: containment.RevokeKeyRequest,
    response: containment.ContainmentAccepted,
    idempotent: true,
  },
  suspendKey: {
    method: 'POST',
    path: '/v1/keys/{name}/suspension',
    function: 'contain-keys',
    action: 'key:suspend',
    status: 202,
    summary: 'Stop a key until the suspension is lifted; it is denied before this answers',
    request: containment.SuspendKeyRequest,
    response: containment.ContainmentAccepted,
    idempotent: true,
  },
  resumeKey: {
    method: 'DELETE',
    path: '/v1/keys/{name}/suspension',
    function: 'contain-keys',
    action: 'key:resume',
    status: 202,
    summary: 'Ask for approvals to lift a suspension',
    request: containment.ResumeKeyRequest,
    response: ActAccepted,
    idempotent: true,
  },
  planContainment: {
    method: 'POST',
    path: '/v1/containment-plans',
    function: 'contain-keys',
    action: 'scope:read',
    status: 200,
    summary:
      'Say what containing all keys of an owner, class, environment, application or host would do; changes nothing',
    request: containment.PlanContainmentRequest,
    response: containment.ContainmentPlan,
  },
  containScope: {
    method: 'POST',
    path: '/v1/containments',
    function: 'contain-keys',
    action: 'scope:contain',
    status: 202,
    summary:
      'Stop all keys of an owner, class, environment, application or host; denied before this answers',
    request: containment.ContainScopeRequest,
    response: containment.ScopeContainmentAccepted,
    idempotent: true,
  },
  listContainments: {
    method: 'GET',
    path: '/v1/containments',
    function: 'contain-keys',
    action: 'scope:read',
    status: 200,
    summary: 'List the containments of scopes that run',
    response: containment.ScopeContainmentPage,
  },
  getContainment: {
    method: 'GET',
    path: '/v1/containments/{id}',
    function: 'contain-keys',
    action: 'scope:read',
    status: 200,
    summary: 'Show how far the containment of a scope is',
    response: containment.ScopeContainment,
  },
  liftContainment: {
    method: 'DELETE',
    path: '/v1/containments/{id}',
    function: 'contain-keys',
    action: 'scope:lift',
    status: 202,
    summary: 'Ask for approvals to lift a suspended scope: all keys that it suspended',
    request: containment.ResumeKeyRequest,
    response: ActAccepted,
    idempotent: true,
  },
  getStatusList: {
    method: 'GET',
    path: '/v1/status-list',
    function: 'serve-status',
    action: null,
    status: 200,
    summary: 'Signed list of revoked and suspended keys, for whoever relies on them; `ETag`',
    response: StatusList,
  },
  ...DESTRUCTION_ROUTES,
  ...PAUSE_ROUTES,
  ...BRAKE_ROUTES,
} as const;
