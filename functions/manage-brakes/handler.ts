// SPDX-License-Identifier: Apache-2.0
// Mass brakes: asks for them, shows them, asks for their end. It reaches no role: that is another function, which nobody calls.
import type { z } from 'zod';
import { applyBrakeAct } from '#core/approvals/acts/apply-brake.ts';
import { liftBrakeAct } from '#core/approvals/acts/lift-brake.ts';
import type * as contract from '#core/contract/brakes.ts';
import { ApplyBrakeRequest, BrakeId, LiftBrakeRequest } from '#core/contract/brakes.ts';
import { isError } from '#core/errors.ts';
import { type ApplyBrakeInput, admitBrake, brakeNotFound } from '#core/operations/admit-brake.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { countsOf } from '#core/operations/enforce-brakes.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import { type BrakeRecord, MOST_ROLES } from '#core/ports/brakes.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, parseBody } from '../shared/api-request.ts';
import { approvalAnswer } from '../shared/approval-views.ts';
import { requirePersonInEmergency, reviewOf } from '../shared/emergencies.ts';
import { environmentOf } from '../shared/environment.ts';
import { reviewDeps } from '../shared/review-deps.ts';
import { authorizer, startSlots, workflows } from '../shared/wiring.ts';

const environment = environmentOf('manage-brakes');
const deps = {
  ...reviewDeps(environment),
  slots: startSlots(environment.TABLE_NAME),
  account: environment.ACCOUNT_ID,
  protectedRoles: environment.PROTECTED_ROLES,
  workflows: workflows({ approve: environment.APPROVE_ARN }),
};

function summaryOf(row: BrakeRecord): z.infer<typeof contract.BrakeSummary> {
  const { id, scope, reason, requestedBy, isEmergency, state, startedAt, confirmedAt, lift } = row;
  return {
    ...{ id, scope, reason, requestedBy, isEmergency, state, startedAt, confirmedAt },
    isReviewOpen: row.openReview !== null,
    counts: countsOf(row),
    isFull: row.roles.length >= MOST_ROLES,
    lift: lift && { by: lift.by, reason: lift.reason, at: lift.at, endedAt: lift.endedAt },
  };
}

/** @throws KeyturnError `BrakeNotFound` */
async function rowOf({ path }: ApiRequest): Promise<BrakeRecord> {
  const id = BrakeId.safeParse(path['id']);
  const row = id.success ? await deps.brakes.readBrake(id.data) : null;
  if (row) return row;
  throw brakeNotFound();
}

async function askInstead({ principal }: ApiRequest, input: ApplyBrakeInput) {
  const { scope, decision, reason, claim } = input;
  const parameters = { scope: scope.kind, value: scope.value };
  const { body, headers } = approvalAnswer(
    await requestApproval(deps, applyBrakeAct, {
      action: 'brake.apply',
      request: { key: null, version: null, operationId: null, parameters },
      ...{ by: principal, decision, reason, claim },
    }),
  );
  return { body: { ...body, brakeId: null, reviewId: null }, headers };
}

const applyBrake: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, ApplyBrakeRequest);
  const by = request.principal.id;
  const claim = idempotencyClaim(by, 'POST /v1/brakes', header, body);
  const { scope, reason, emergency: isEmergency = false } = body;
  const input = { scope, reason, isEmergency, by, decision, claim };
  requirePersonInEmergency(request, isEmergency);
  try {
    const { id, openReview } = await admitBrake(deps, input);
    const reviewId = openReview ? await reviewOf(deps, id, request.principal) : null;
    const none = { operationId: null, approvalId: null, digest: null, expiresAt: null };
    return {
      body: { ...none, brakeId: id, reviewId },
      headers: { location: `/v1/brakes/${id}` },
    };
  } catch (error) {
    if (!isError(error, 'ApprovalRequired')) throw error;
    return askInstead(request, input);
  }
};

const listBrakes: RouteHandler = async (request) => {
  await request.authorize({});
  const { brakes } = deps;
  const [open, ended] = await Promise.all([brakes.listOpenBrakes(), brakes.listEndedBrakes()]);
  return { body: { items: [...open, ...ended].map(summaryOf), nextCursor: null } };
};

const getBrake: RouteHandler = async (request) => {
  await request.authorize({});
  const row = await rowOf(request);
  return { body: { ...summaryOf(row), roles: row.roles.map((one) => ({ ...one })) } };
};

const liftBrake: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, LiftBrakeRequest);
  const { id } = await rowOf(request);
  const by = request.principal;
  return approvalAnswer(
    await requestApproval(deps, liftBrakeAct, {
      action: 'brake.lift',
      request: { key: null, version: null, operationId: id, parameters: {} },
      ...{ by, decision, reason: body.reason ?? null },
      claim: idempotencyClaim(by.id, `DELETE /v1/brakes/${id}`, header, body),
    }),
  );
};

export const handler = apiHandler(
  { applyBrake, listBrakes, getBrake, liftBrake },
  authorizer(environment.STAGE),
);
