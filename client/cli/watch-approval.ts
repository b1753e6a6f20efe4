// SPDX-License-Identifier: Apache-2.0
// Follows a request for approval to its end, and then the operation that it started.
import type { ResponseOf } from '../sdk/index.ts';
import { viewApproval } from './approval-views.ts';
import { type Context, printAnswer } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { follow } from './follow.ts';
import { showable } from './report.ts';
import { commandLine, watchOperation } from './watch-operation.ts';

type Approval = ResponseOf<'getApproval'>;

function createVoteLines({ report }: Context) {
  let told = 0;
  return ({ votes, state, approvals, required, missing }: Approval): void => {
    for (const vote of votes.slice(told)) {
      const mark = vote.decision === 'approve' ? '✓' : '✗';
      const line = `${mark} ${showable(vote.name)} ${vote.decision} by ${vote.channel}`;
      report.notice(line, { vote: vote.decision, by: vote.name, channel: vote.channel });
    }
    told = votes.length;
    if (state === 'pending')
      report.live(`↻ ${approvals} of ${required} approvals; missing ${missing.join('; ')}`);
  };
}

/** The command that takes the watching of a request up again. */
export function resumeApproval(context: Context, id: string): string {
  return commandLine(context, ['approval', 'watch', id]);
}

/** Executed and done is success; a denial, an expiry, a lapse and a parked operation are not. */
export async function watchApproval(context: Context, id: string): Promise<Outcome> {
  const answer = await follow<Approval>(context, {
    operationId: id,
    read: (options) => context.client().getApproval(id, options),
    isRunning: ({ state }) => state === 'pending' || state === 'approved',
    show: createVoteLines(context),
    resume: resumeApproval(context, id),
  });
  if (!answer) return 'interrupted';
  const { executedAs, state } = answer.body;
  if (executedAs?.startsWith('op_')) return watchOperation(context, executedAs);
  printAnswer(context, answer, viewApproval);
  return state === 'executed' ? 'ok' : 'failed';
}
