// SPDX-License-Identifier: Apache-2.0
// What time does to requests for approval: reminders, the end of windows, executions that were lost, reviews of what was
// done alone that nobody has closed. And to stopped keys: consumers who do not say that their caches are empty.
import { z } from 'zod';
import { METRICS } from '#core/contract/metrics.ts';
import { KeyturnError } from '#core/errors.ts';
import { recordFirstPolicy } from '#core/operations/activate-policy.ts';
import { tendReviews } from '#core/operations/ask-reviews.ts';
import { resumeApprovals, tendApproval } from '#core/operations/tend-approval.ts';
import { watchPurges } from '#core/operations/watch-purges.ts';
import { counter } from '../shared/counting.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { reviewDeps } from '../shared/review-deps.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { deployedDecisions, purgeWatchRows, workflows } from '../shared/wiring.ts';

const environment = environmentOf('tend-approval');
const deps = {
  ...reviewDeps(environment),
  deployed: deployedDecisions(environment.STAGE),
  workflows: workflows({ approve: environment.APPROVE_ARN }),
  purgeWatches: purgeWatchRows(environment.TABLE_NAME),
};
const countOverdue = counter(METRICS.purgeOverdue);
const Input = z.discriminatedUnion('act', [
  z.object({ act: z.literal('tend'), approvalId: z.string() }),
  z.object({ act: z.literal('resume') }),
]);

/** @returns keys that could not be looked at */
async function lookAtPurges(): Promise<readonly string[]> {
  const { lagging, failed } = await watchPurges(deps);
  if (lagging > 0) {
    countOverdue(lagging);
  }
  return failed;
}

export const handler = stepHandler(Input, async (input) => {
  if (input.act === 'tend') return tendApproval(deps, input.approvalId);
  // First: what keeps approvals from going on is no reason to be silent about caches.
  const unseen = await lookAtPurges();
  // The first look after a stage's first deployment: from then on who decides changes by agreement only.
  await recordFirstPolicy(deps);
  const started = await resumeApprovals(deps);
  const reviews = await tendReviews(deps);
  if (reviews.failed > 0) logger.error('reviews of emergencies could not be asked for', reviews);
  if (unseen.length === 0) return { started, asked: reviews.asked };
  // Nothing else would tell that nobody is told: an error that lasts rings the function's alarm.
  throw new KeyturnError(
    'DependencyUnavailable',
    `consumers of ${unseen.join(', ')} could not be looked at; it is tried again each minute`,
  );
});
