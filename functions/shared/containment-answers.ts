// SPDX-License-Identifier: Apache-2.0
// Answers of the calls that stop keys: what holds now, the review of an emergency, or the request that people decide on.
import type { z } from 'zod';
import { revokeKey as revokeAct } from '#core/approvals/acts/revoke-key.ts';
import type { RevokeKeyRequest } from '#core/contract/containment.ts';
import type { ContainmentKind } from '#core/contract/vocabulary.ts';
import { containmentState } from '#core/keys/containment.ts';
import type { AskReviewsDeps } from '#core/operations/ask-reviews.ts';
import type {
  AdmitContainmentDeps,
  ContainedKey,
  ContainKeyInput,
} from '#core/operations/contain-key.ts';
import { requestApproval } from '#core/operations/request-approval.ts';
import type { ApiRequest } from './api-handler.ts';
import { approvalAnswer } from './approval-views.ts';
import { reviewOf } from './emergencies.ts';
import { logger } from './logging.ts';

export type AnswerDeps = AskReviewsDeps & AdmitContainmentDeps;
/** What is asked for, with who asks. */
export type ContainmentInput = Omit<ContainKeyInput, 'approve'>;

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
    input.isEmergency && isOpen ? await reviewOf(deps, operationId, request.principal) : null;
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
