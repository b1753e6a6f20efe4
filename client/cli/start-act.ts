// SPDX-License-Identifier: Apache-2.0
// What the verbs share whose act may need approvals: it runs at once, or its request waits for people (exit code 8).
import type { Command } from 'commander';
import type { Answer, ResponseOf } from '../sdk/index.ts';
import { announceChange } from './announce.ts';
import { type Act, addVerb, withIdempotencyKey } from './command-tree.ts';
import { type Context, printAnswer } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { sendStart, type WorkOptions } from './start-operation.ts';
import { resumeApproval, watchApproval } from './watch-approval.ts';
import { resumeCommand, watchOperation } from './watch-operation.ts';

type Accepted = ResponseOf<'releaseKey'>;

export interface ActWork {
  /** For the announcement, such as `release key orders`. */
  readonly what: string;
  readonly start: (options: {
    readonly idempotencyKey: string;
    readonly signal: AbortSignal;
  }) => Promise<Answer<Accepted>>;
}

async function followed(context: Context, { operationId, approvalId }: Accepted) {
  if (approvalId !== null) return watchApproval(context, approvalId);
  return watchOperation(context, operationId ?? '');
}

/** Starts an act and, with `--wait`, follows votes and work to their end. */
export async function startAct(
  context: Context,
  options: WorkOptions,
  work: ActWork,
): Promise<Outcome> {
  await announceChange(context, work.what);
  const answer = await sendStart(context, options, work.start);
  const { operationId, approvalId, digest } = answer.body;
  const resume =
    approvalId === null
      ? resumeCommand(context, operationId ?? '')
      : resumeApproval(context, approvalId);
  if (!context.settings.flags.wait)
    printAnswer(context, answer, () => approvalId ?? operationId ?? '');
  if (approvalId === null)
    context.report.notice(`started\n  next: ${resume}`, { notice: 'started', operationId, resume });
  else
    context.report.notice(
      `waits for approvals, digest ${digest?.slice(0, 12)}\n  next: ${resume}`,
      { notice: 'waits for approvals', approvalId, digest, resume },
    );
  if (context.settings.flags.wait) return followed(context, answer.body);
  return approvalId === null ? 'ok' : 'pending';
}

/** A noun whose objects are lifted as people decide, by their ids. */
interface Liftable {
  readonly noun: string;
  readonly summary: string;
  /** Such as an example shows. */
  readonly id: string;
  readonly reason: string;
  readonly start: (
    context: Context,
    id: string,
    body: { readonly reason?: string },
    options: Parameters<ActWork['start']>[0],
  ) => ReturnType<ActWork['start']>;
}

/** Adds `lift <id>`, which asks for approvals. */
export function addLift(parent: Command, act: Act, liftable: Liftable): void {
  const example = `keyturn ${liftable.noun} lift ${liftable.id} --reason "${liftable.reason}"`;
  const verb = addVerb(parent, 'lift <id>', {
    summary: liftable.summary,
    examples: [example, `${example} --output json`],
  }).option('--reason <text>', 'why, for those who decide and for the audit record');
  withIdempotencyKey(verb).action(
    act(async (context: Context, id: string, options: WorkOptions & { reason?: string }) => {
      const body = options.reason === undefined ? {} : { reason: options.reason };
      return startAct(context, options, {
        what: `ask for approvals to lift ${liftable.noun} ${id}`,
        start: (started) => liftable.start(context, id, body, started),
      });
    }),
  );
}
