// SPDX-License-Identifier: Apache-2.0
// Answers of the calls that stop keys: what holds now, the review of an emergency, or the request that people decide on.
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { z } from 'zod';
import { breakGlassReview } from '#core/approvals/acts/break-glass-review.ts';
import { revokeKey as revokeAct } from '#core/approvals/acts/revoke-key.ts';
import type { RevokeKeyRequest } from '#core/contract/containment.ts';
import { METRIC_NAMESPACE, METRICS } from '#core/contract/metrics.ts';
import type { ContainmentKind } from '#core/contract/vocabulary.ts';
import { KeyturnError } from '#core/errors.ts';
import { containmentState } from '#core/keys/containment.ts';
import type {
  AdmitContainmentDeps,
  ContainedKey,
  ContainKeyInput,
} from '#core/operations/contain-key.ts';
import { type RequestApprovalDeps, requestApproval } from '#core/operations/request-approval.ts';
import type { ApiRequest } from './api-handler.ts';
import { approvalAnswer } from './approval-views.ts';
import { logger } from './logging.ts';

export type AnswerDeps = RequestApprovalDeps & AdmitContainmentDeps;
/** What is asked for, with who asks. */
export type ContainmentInput = Omit<ContainKeyInput, 'approve'>;

const metrics = new Metrics({
  namespace: METRIC_NAMESPACE,
  serviceName: METRICS.emergencies.service,
});

/** A body of these routes as the use case takes it. */
export const askedAs = (kind: ContainmentKind, body: z.infer<typeof RevokeKeyRequest>) => ({
  kind,
  version: body.version ?? null,
  mode: body.mode ?? null,
  reason: body.reason,
  occurredAt: body.occurredAt ?? null,
  withSuccessor: body.successor ?? false,
  isEmergency: body.emergency ?? false,
});

/** A machine can stop what it may stop; what goes beyond its rights is a person's to answer for. */
export function requirePersonInEmergency({ principal }: ApiRequest, isEmergency: boolean): void {
  if (!isEmergency || principal.kind === 'person') return;
  throw new KeyturnError(
    'NotEligible',
    `${principal.id} is no person; a person acts in an emergency`,
  );
}

/** The review of what one did alone; a request of its own, so that the emergency waits for nobody. */
async function askForReview(
  deps: AnswerDeps,
  { principal }: ApiRequest,
  input: ContainmentInput,
  operationId: string,
): Promise<string> {
  metrics.addMetric(METRICS.emergencies.name, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
  const { id } = await requestApproval(deps, breakGlassReview, {
    action: 'break-glass.review',
    request: { key: input.key, version: null, operationId, parameters: {} },
    by: principal,
    decision: input.decision,
    reason: input.reason,
    claim: { scope: `${input.claim.scope}/review`, bodyHash: input.claim.bodyHash },
  });
  return id;
}

/** The denial stands, whatever becomes of its review: the key's row says that one is open. */
async function reviewOf(
  deps: AnswerDeps,
  request: ApiRequest,
  input: ContainmentInput,
  operationId: string,
) {
  try {
    return await askForReview(deps, request, input, operationId);
  } catch (error) {
    logger.error('the review of an emergency could not be asked for', {
      operationId,
      error: error instanceof Error ? error.name : 'unknown',
    });
    return null;
  }
}

/** What a call answers that has stopped a key. */
export async function stoppedAnswer(
  deps: AnswerDeps,
  request: ApiRequest,
  input: ContainmentInput,
  done: ContainedKey,
) {
  const { operationId, kms: kmsSide, started } = done;
  if (!started) logger.error('the confirmation starts with the next sweep', { operationId });
  const snapshot = await deps.ledger.readKey(input.key);
  const version = snapshot?.versions.find((one) => one.version === input.version);
  const there = input.version === null ? snapshot?.key.containment : version?.containment;
  const isOpen = snapshot?.key.openReviews?.some((one) => one.operationId === operationId);
  const reviewId =
    input.isEmergency && isOpen ? await reviewOf(deps, request, input, operationId) : null;
  return {
    body: {
      operationId,
      approvalId: null,
      digest: null,
      expiresAt: null,
      state: there ? containmentState(there) : null,
      kms: kmsSide,
      reviewId,
    },
    headers: { location: `/v1/operations/${operationId}` },
  };
}

/** What a call answers whose act people decide on. */
export async function askInstead(
  deps: AnswerDeps,
  { principal }: ApiRequest,
  input: ContainmentInput,
) {
  const { key, version, kind, mode, occurredAt, withSuccessor, decision, reason, claim } = input;
  const parameters = { kind, mode, occurredAt, ...(withSuccessor ? { withSuccessor } : {}) };
  const answer = approvalAnswer(
    await requestApproval(deps, revokeAct, {
      action: 'key.revoke',
      request: { key, version, operationId: null, parameters },
      by: principal,
      decision,
      reason,
      claim,
    }),
  );
  return { ...answer, body: { ...answer.body, state: null, kms: null, reviewId: null } };
}
