// SPDX-License-Identifier: Apache-2.0
// What time does to requests for approval: reminders, the end of windows, executions that were lost, and reviews of what
// was done alone that nobody has closed.
import { z } from 'zod';
import { recordFirstPolicy } from '#core/operations/activate-policy.ts';
import { tendReviews } from '#core/operations/ask-reviews.ts';
import { resumeApprovals, tendApproval } from '#core/operations/tend-approval.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';
import { reviewDeps } from '../shared/review-deps.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { deployedDecisions, workflows } from '../shared/wiring.ts';

const environment = environmentOf('tend-approval');
const deps = {
  ...reviewDeps(environment),
  deployed: deployedDecisions(environment.STAGE),
  workflows: workflows({ approve: environment.APPROVE_ARN }),
};
const Input = z.discriminatedUnion('act', [
  z.object({ act: z.literal('tend'), approvalId: z.string() }),
  z.object({ act: z.literal('resume') }),
]);

export const handler = stepHandler(Input, async (input) => {
  if (input.act === 'tend') return tendApproval(deps, input.approvalId);
  // The first look after a stage's first deployment: from then on who decides changes by agreement only.
  await recordFirstPolicy(deps);
  const started = await resumeApprovals(deps);
  const reviews = await tendReviews(deps);
  if (reviews.failed > 0) logger.error('reviews of emergencies could not be asked for', reviews);
  return { started, asked: reviews.asked };
});
