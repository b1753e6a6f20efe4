// SPDX-License-Identifier: Apache-2.0
// What all verbs that start work share: announce, send with an Idempotency-Key, then print the id or follow.
import { randomUUID } from 'node:crypto';
import { type Answer, ProblemError, type ResponseOf, UnreachableError } from '../sdk/index.ts';
import { announceChange } from './announce.ts';
import { type Context, print, printAnswer } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { followOperation, outcomeOfOperation, resumeCommand } from './follow-operation.ts';
import { viewOperation } from './views.ts';

interface Started {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

export interface WorkOptions {
  readonly idempotencyKey?: string;
}

/** True when the API may have started the work although we did not hear so. */
function isUncertain(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || error instanceof UnreachableError) return true;
  return error instanceof ProblemError && error.status >= 500;
}

function tellAccepted(context: Context, answer: Answer<ResponseOf<'createKey'>>): void {
  const { operationId } = answer.body;
  printAnswer(context, answer, (body) => body.operationId);
  const resume = resumeCommand(context, operationId);
  context.report.notice(`started\n  next: ${resume}`, { notice: 'started', operationId, resume });
}

/** Follows one operation to its end and prints it. */
export async function watchOperation(context: Context, id: string): Promise<Outcome> {
  const followed = await followOperation(context, id);
  if (followed.kind === 'detached') {
    if (context.settings.flags.output === 'table') print(context, id);
    return 'interrupted';
  }
  printAnswer(context, followed.answer, viewOperation);
  return outcomeOfOperation(followed.answer.body);
}

/**
 * Starts work and, with `--wait`, follows it.
 * @param what for the announcement, such as `rotate key orders`
 */
export async function startOperation(
  context: Context,
  what: string,
  options: WorkOptions,
  start: (options: Started) => Promise<Answer<ResponseOf<'createKey'>>>,
): Promise<Outcome> {
  await announceChange(context, what);
  const { signal, settings, report } = context;
  const idempotencyKey = options.idempotencyKey ?? randomUUID();
  try {
    const answer = await start({ idempotencyKey, signal });
    if (settings.flags.wait) return await watchOperation(context, answer.body.operationId);
    tellAccepted(context, answer);
    return 'ok';
  } catch (error) {
    if (isUncertain(error, signal))
      report.notice(
        `keyturn: it may have been started; the same command with\n  --idempotency-key ${idempotencyKey}\n  finds it instead of starting another`,
        { notice: 'may have been started', idempotencyKey },
      );
    throw error;
  }
}
