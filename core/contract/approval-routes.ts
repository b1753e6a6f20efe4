// SPDX-License-Identifier: Apache-2.0
// Routes of approvals; a part of the route table.
import * as approvals from './approvals.ts';

export const APPROVAL_ROUTES = {
  listApprovals: {
    method: 'GET',
    path: '/v1/approvals',
    function: 'read-approvals',
    action: 'approval:read',
    status: 200,
    summary: 'List requests for approval (?state=open, the default, or ended)',
    response: approvals.ApprovalPage,
  },
  getApproval: {
    method: 'GET',
    path: '/v1/approvals/{id}',
    function: 'read-approvals',
    action: 'approval:read',
    status: 200,
    summary: 'Show one request: what, who, why, what it touches, votes, digest',
    response: approvals.Approval,
  },
  castVote: {
    method: 'POST',
    path: '/v1/approvals/{id}/votes',
    function: 'cast-vote',
    action: 'approval:vote',
    status: 200,
    summary: 'Approve or deny a request; the vote names the digest that the voter saw',
    request: approvals.CastVoteRequest,
    response: approvals.Approval,
  },
  cancelApproval: {
    method: 'DELETE',
    path: '/v1/approvals/{id}',
    function: 'cast-vote',
    action: 'approval:cancel',
    status: 200,
    summary: 'Take a request back that one made',
    response: approvals.Approval,
  },
} as const;
