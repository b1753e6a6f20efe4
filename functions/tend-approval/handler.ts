// SPDX-License-Identifier: Apache-2.0
// What time does to requests for approval: reminders, the end of windows, and executions that were lost.
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { recordFirstPolicy } from '#core/operations/activate-policy.ts';
import { resumeApprovals, tendApproval } from '#core/operations/tend-approval.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { deployedDecisions, ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('tend-approval');
const table = ledger(environment.TABLE_NAME);
const deps = {
  approvals: table,
  decisions: table,
  deployed: deployedDecisions(environment.STAGE),
  clock: systemClock,
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
  return { started: await resumeApprovals(deps) };
});
