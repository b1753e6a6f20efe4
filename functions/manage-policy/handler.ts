// SPDX-License-Identifier: Apache-2.0
// Shows who decides, asks for approvals to change it, and takes an agreed change back. It brings nothing into force.
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { activatePolicyAct } from '#core/approvals/acts/activate-policy.ts';
import { ActivatePolicyRequest } from '#core/contract/decision-policy.ts';
import { KeyturnError } from '#core/errors.ts';
import { withdrawPolicy } from '#core/operations/activate-policy.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { decisionDigest } from '#core/policies/decision-policy.ts';
import { apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { environmentOf } from '../shared/environment.ts';
import { policyView } from '../shared/policy-views.ts';
import { authorizer, deployedDecisions, electorate, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-policy');
const table = ledger(environment.TABLE_NAME);
const deployed = deployedDecisions(environment.STAGE);
const deps = {
  ledger: table,
  approvals: table,
  decisions: table,
  deployed,
  electorate: electorate(environment.STAGE, table),
  workflows: workflows({ approve: environment.APPROVE_ARN }),
  activationDelaySeconds: environment.ACTIVATION_DELAY_SECONDS,
  stage: environment.STAGE,
  clock: systemClock,
  ids: ulidIds,
};

const getDecisionPolicy: RouteHandler = async (request) => {
  await request.authorize({});
  const record = await table.readDecisionPolicy();
  return { body: policyView(record, deployed, systemClock.now()) };
};

const activateDecisionPolicy: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, ActivatePolicyRequest);
  if (body.digest !== decisionDigest(deployed))
    throw new KeyturnError(
      'ApprovalStale',
      'another decision policy is deployed than the digest names; look at it again with "keyturn policy show"',
    );
  const by = request.principal;
  const route = 'POST /v1/decision-policy/activations';
  return approvalAnswer(
    await requestApproval(deps, activatePolicyAct, {
      action: activatePolicyAct.action,
      request: { key: null, version: null, operationId: null, parameters: {} },
      by,
      decision,
      reason: body.reason ?? null,
      claim: idempotencyClaim(by.id, route, header, body),
    }),
  );
};

const withdrawDecisionPolicy: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const record = await withdrawPolicy(deps, request.principal, decision);
  return { body: policyView(record, deployed, systemClock.now()) };
};

export const handler = apiHandler(
  { getDecisionPolicy, activateDecisionPolicy, withdrawDecisionPolicy },
  authorizer(environment.STAGE),
);
