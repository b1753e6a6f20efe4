// SPDX-License-Identifier: Apache-2.0
// What every call shares that lets a person act alone in an emergency: only a person may, everybody is told, and a quorum
// is asked for its review.
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { breakGlassReview, type ReviewDeps } from '#core/approvals/acts/break-glass-review.ts';
import { METRIC_NAMESPACE, METRICS } from '#core/contract/metrics.ts';
import { KeyturnError } from '#core/errors.ts';
import {
  type RequestApprovalDeps,
  type RequestApprovalInput,
  requestApproval,
} from '#core/operations/request-approval.ts';
import type { ApiRequest } from './api-handler.ts';
import { logger } from './logging.ts';

const metrics = new Metrics({
  namespace: METRIC_NAMESPACE,
  serviceName: METRICS.emergencies.service,
});

/** A machine can stop what it may stop; what goes beyond its rights is a person's to answer for. */
export function requirePersonInEmergency({ principal }: ApiRequest, isEmergency: boolean): void {
  if (!isEmergency || principal.kind === 'person') return;
  throw new KeyturnError(
    'NotEligible',
    `${principal.id} is no person; a person acts in an emergency`,
  );
}

/**
 * Rings the alarm, and asks for the review of what one did alone; a request of its own, so that the emergency waits for
 * nobody.
 * @returns its id; null when it could not be asked for: what was done stands, and the record says that a review is open
 */
export async function reviewOf(
  deps: RequestApprovalDeps & ReviewDeps,
  done: Omit<RequestApprovalInput, 'action'>,
): Promise<string | null> {
  metrics.addMetric(METRICS.emergencies.name, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
  const { scope, bodyHash } = done.claim;
  const claim = { scope: `${scope}/review`, bodyHash };
  try {
    const asked = { ...done, action: 'break-glass.review' as const, claim };
    return (await requestApproval(deps, breakGlassReview, asked)).id;
  } catch (error) {
    logger.error('the review of an emergency could not be asked for', {
      operationId: done.request.operationId,
      error: error instanceof Error ? error.name : 'unknown',
    });
    return null;
  }
}
