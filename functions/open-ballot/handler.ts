// SPDX-License-Identifier: Apache-2.0
// Takes the task token of an execution that begins to wait. The token leaves this function only sealed; for a request
// that was decided meanwhile it is answered at once.
import { z } from 'zod';
import { approvalNotFound } from '#core/operations/mutate-approval.ts';
import { SealedBallots } from '../shared/ballots.ts';
import { environmentOf } from '../shared/environment.ts';
import { stepHandler } from '../shared/step-handler.ts';
import { ledger } from '../shared/wiring.ts';

const environment = environmentOf('open-ballot');
const table = ledger(environment.TABLE_NAME);
const ballots = new SealedBallots(table, environment.TOKEN_KEY_ARN);
const Input = z.object({ approvalId: z.string(), taskToken: z.string().max(2048) });

export const handler = stepHandler(Input, async ({ approvalId, taskToken }) => {
  await ballots.open(approvalId, taskToken);
  // Read behind the write: a vote either finds the token, or is found here.
  const approval = await table.readApproval(approvalId);
  if (!approval) throw approvalNotFound();
  if (approval.state !== 'pending') await ballots.answer(taskToken, approval);
});
