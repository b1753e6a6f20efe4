// SPDX-License-Identifier: Apache-2.0
// Routes of the decision policy; a part of the route table.
import { ActAccepted } from './approvals.ts';
import * as policy from './decision-policy.ts';

export const DECISION_POLICY_ROUTES = {
  getDecisionPolicy: {
    method: 'GET',
    path: '/v1/decision-policy',
    function: 'manage-policy',
    action: 'policy:read',
    status: 200,
    summary: 'Show who decides by which rules, and what a deployment would change in it',
    response: policy.DecisionPolicyView,
  },
  activateDecisionPolicy: {
    method: 'POST',
    path: '/v1/decision-policy/activations',
    function: 'manage-policy',
    action: 'policy:activate',
    status: 202,
    summary: 'Ask for approvals to bring the deployed decision policy into force',
    request: policy.ActivatePolicyRequest,
    response: ActAccepted,
    idempotent: true,
  },
  withdrawDecisionPolicy: {
    method: 'DELETE',
    path: '/v1/decision-policy/next',
    function: 'manage-policy',
    action: 'policy:withdraw',
    status: 200,
    summary: 'Take back a decision policy that was agreed on, before it comes into force',
    response: policy.DecisionPolicyView,
  },
} as const;
