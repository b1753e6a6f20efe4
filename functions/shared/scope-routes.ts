// SPDX-License-Identifier: Apache-2.0
// Routes that stop all keys of a scope: what it would do, doing it, how far it is, and the way back.
import type { z } from 'zod';
import { containScopeAct } from '#core/approvals/acts/contain-scope.ts';
import { liftScopeAct } from '#core/approvals/acts/lift-scope.ts';
import type * as contract from '#core/contract/containment.ts';
import {
  ContainmentId,
  ContainScopeRequest,
  PlanContainmentRequest,
  ResumeKeyRequest,
} from '#core/contract/containment.ts';
import { isError, KeyturnError } from '#core/errors.ts';
import { idempotencyClaim, later } from '#core/operations/admit-operation.ts';
import type { AskReviewsDeps } from '#core/operations/ask-reviews.ts';
import {
  admitScope,
  type ContainScopeDeps,
  type ContainScopeInput,
} from '#core/operations/contain-scope.ts';
import type { LiftScopeDeps } from '#core/operations/lift-scope.ts';
import { planScope } from '#core/operations/plan-scope.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import type { Workflows } from '#core/ports/platform.ts';
import type { ScopeContainment } from '#core/ports/scope-containments.ts';
import type { ApiRequest, RouteHandler } from './api-handler.ts';
import { idempotencyKeyOf, parseBody } from './api-request.ts';
import { approvalAnswer } from './approval-views.ts';
import { requirePersonInEmergency, reviewOf } from './emergencies.ts';
import { logger } from './logging.ts';

export type ScopeRouteDeps = ContainScopeDeps & AskReviewsDeps & { readonly workflows: Workflows };

const HOUR_MS = 3_600_000;
/** API Gateway waits 29 s, and the function 15; what was counted by then is answered. */
const PLAN_SECONDS = 8;

function viewOf(row: ScopeContainment): z.infer<typeof contract.ScopeContainment> {
  const { id, scope, kind, mode, reason, requestedBy, occurredAt, state, counts } = row;
  const { checkpoint, floorSeconds, failures, startedAt, endedAt, lift } = row;
  return {
    ...{ id, scope, kind, mode, reason, requestedBy, occurredAt, state, counts },
    ...{ pass: checkpoint.pass, floorSeconds, startedAt, endedAt },
    isEmergency: row.isEmergency,
    isReviewOpen: row.openReview != null,
    failures: [...failures],
    lift: lift
      ? {
          ...{ by: lift.by, reason: lift.reason, at: lift.at, endedAt: lift.endedAt },
          ...{ ...lift.counts, pass: lift.checkpoint.pass, failures: [...lift.failures] },
        }
      : null,
  };
}

/** A start that was lost is made good by sending the same request again: the denial stands all the same. */
async function started(
  deps: ScopeRouteDeps,
  { id, state, startedAt }: ScopeContainment,
): Promise<void> {
  if (state === 'done') return;
  const hours = (Date.parse(deps.clock.now()) - Date.parse(startedAt)) / HOUR_MS;
  try {
    // Of a name per hour: sent again, it makes good for an execution that was aborted.
    await deps.workflows.start('contain-scope', id, 1 + Math.floor(hours));
  } catch (error) {
    logger.error('the keys of the scope are denied, but not contained yet: send it again', {
      containmentId: id,
      error: error instanceof Error ? error.name : 'unknown',
    });
    throw error;
  }
}

async function askInstead(
  deps: ScopeRouteDeps,
  { principal }: ApiRequest,
  { scope, kind, mode, occurredAt, decision, reason, claim }: ContainScopeInput,
) {
  const parameters = { scope: scope.kind, value: scope.value, kind, mode, occurredAt };
  const answer = approvalAnswer(
    await requestApproval(deps, containScopeAct, {
      action: 'scope.revoke',
      request: { key: null, version: null, operationId: null, parameters },
      by: principal,
      decision,
      reason,
      claim,
    }),
  );
  return { ...answer, body: { ...answer.body, containmentId: null, reviewId: null } };
}

/** @throws KeyturnError `OperationNotFound` */
async function rowOf({ scopes }: ScopeRouteDeps, { path }: ApiRequest): Promise<ScopeContainment> {
  const id = ContainmentId.safeParse(path['id']);
  const row = id.success ? await scopes.readScope(id.data) : null;
  if (row) return row;
  throw new KeyturnError('OperationNotFound', 'no such containment; list shows those under way');
}

/** The routes; a caller that goes on behind `ApprovalRequired` gets a request that people decide on. */
export function scopeRoutes(
  deps: ScopeRouteDeps,
): Record<
  'planContainment' | 'containScope' | 'listContainments' | 'getContainment' | 'liftContainment',
  RouteHandler
> {
  return {
    async planContainment(request) {
      await request.authorize({});
      const { mode, ...asked } = parseBody(request.event, PlanContainmentRequest);
      const until = later(deps.clock.now(), PLAN_SECONDS);
      const isInTime = () => deps.clock.now() < until;
      const plan = await planScope(deps, { ...asked, mode: mode ?? null }, isInTime);
      return {
        body: { ...plan, protectedKeys: [...plan.protectedKeys], order: [...plan.order] },
      };
    },

    async containScope(request) {
      const decision = await request.authorize({});
      const header = idempotencyKeyOf(request.event);
      const { emergency, ...body } = parseBody(request.event, ContainScopeRequest);
      const by = request.principal.id;
      const input: ContainScopeInput = {
        ...body,
        mode: body.mode ?? null,
        occurredAt: body.occurredAt ?? null,
        isEmergency: emergency ?? false,
        ...{ by, decision },
        claim: idempotencyClaim(by, 'POST /v1/containments', header, { ...body, emergency }),
      };
      requirePersonInEmergency(request, input.isEmergency);
      try {
        const { containment } = await admitScope(deps, input);
        await started(deps, containment);
        const reviewId = containment.openReview
          ? await reviewOf(deps, containment.id, request.principal)
          : null;
        return {
          body: {
            ...{ operationId: null, approvalId: null, digest: null, expiresAt: null },
            containmentId: containment.id,
            reviewId,
          },
          headers: { location: `/v1/containments/${containment.id}` },
        };
      } catch (error) {
        if (!isError(error, 'ApprovalRequired')) throw error;
        return askInstead(deps, request, input);
      }
    },

    async listContainments(request) {
      await request.authorize({});
      const [running, lifting] = await Promise.all([
        deps.scopes.listRunning(),
        deps.scopes.listLifting(),
      ]);
      return { body: { items: [...running, ...lifting].map(viewOf), nextCursor: null } };
    },

    async liftContainment(request) {
      const decision = await request.authorize({});
      const header = idempotencyKeyOf(request.event);
      const body = parseBody(request.event, ResumeKeyRequest);
      const { principal: by } = request;
      const { id: operationId } = await rowOf(deps, request);
      const approval = await requestApproval<LiftScopeDeps>(deps, liftScopeAct, {
        action: 'scope.lift',
        request: { key: null, version: null, operationId, parameters: {} },
        ...{ by, decision, reason: body.reason ?? null },
        claim: idempotencyClaim(by.id, `DELETE /v1/containments/${operationId}`, header, body),
      });
      return approvalAnswer(approval);
    },

    async getContainment(request) {
      await request.authorize({});
      return { body: viewOf(await rowOf(deps, request)) };
    },
  };
}
