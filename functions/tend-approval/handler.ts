// SPDX-License-Identifier: Apache-2.0
// What time does to requests for approval: reminders, the end of windows, and executions that were lost.
import { z } from 'zod';
import { systemClock } from '#adapters/system/system.ts';
import { resumeApprovals, tendApproval } from '#core/operations/tend-approval.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { ledger, workflows } from '../shared/wiring.ts';

const environment = environmentOf('tend-approval');
const deps = {
  approvals: ledger(environment.TABLE_NAME),
  clock: systemClock,
  workflows: workflows({ approve: environment.APPROVE_ARN }),
};
const Input = z.discriminatedUnion('act', [
  z.object({ act: z.literal('tend'), approvalId: z.string() }),
  z.object({ act: z.literal('resume') }),
]);

export const handler = stepHandler(Input, async (input) => {
  if (input.act === 'tend') return tendApproval(deps, input.approvalId);
  return { started: await resumeApprovals(deps) };
});
