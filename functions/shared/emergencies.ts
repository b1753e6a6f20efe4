// SPDX-License-Identifier: Apache-2.0
// What every call shares that lets a person act alone in an emergency: only a person may, everybody is told, and a quorum
// is asked for its review.
import { METRICS } from '#core/contract/metrics.ts';
import { KeyturnError } from '#core/errors.ts';
import { type AskReviewsDeps, askReview } from '#core/operations/ask-reviews.ts';
import type { Principal } from '#core/ports/platform.ts';
import type { ApiRequest } from './api-handler.ts';
import { counter } from './counting.ts';
import { logger } from './logging.ts';

const countEmergency = counter(METRICS.emergencies);

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
 * @returns the id of the request; null when it could not be asked for: what was done stands, and a schedule asks
 */
export async function reviewOf(
  deps: AskReviewsDeps,
  operationId: string,
  by: Principal,
): Promise<string | null> {
  countEmergency(1);
  try {
    return await askReview(deps, operationId, by);
  } catch (error) {
    logger.error('the review of an emergency could not be asked for', {
      operationId,
      error: error instanceof Error ? error.name : 'unknown',
    });
    return null;
  }
}
