// SPDX-License-Identifier: Apache-2.0
// What all verbs that start work share: announce, send with an Idempotency-Key, then print the id or follow.
import { randomUUID } from 'node:crypto';
import { type Answer, ProblemError, type ResponseOf, UnreachableError } from '../sdk/index.ts';
import { announceChange } from './announce.ts';
import { type Context, printAnswer } from './context.ts';
import type { Outcome } from './exit-codes.ts';

type Accepted = ResponseOf<'createKey'>;

export interface WorkOptions {
  readonly idempotencyKey?: string;
}

/** One start of work. */
export interface Work {
  /** For the announcement, such as `rotate key orders`. */
  readonly what: string;
  readonly start: (options: {
    readonly idempotencyKey: string;
    readonly signal: AbortSignal;
  }) => Promise<Answer<Accepted>>;
  /** Follows what was started, for `--wait`. */
  readonly watch: (operationId: string) => Promise<Outcome>;
  /** Command that follows it later. */
  readonly resume: (operationId: string) => string;
}

/** True when the API may have started the work although we did not hear so. */
function isUncertain(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || error instanceof UnreachableError) return true;
  return error instanceof ProblemError && error.status >= 500;
}

/** Sends a start; when its answer is lost, says how to find what may have been started. */
export async function sendStart<T>(
  context: Context,
  options: WorkOptions,
  start: (options: { idempotencyKey: string; signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { signal, report } = context;
  const idempotencyKey = options.idempotencyKey ?? randomUUID();
  try {
    return await start({ idempotencyKey, signal });
  } catch (error) {
    if (isUncertain(error, signal))
      report.notice(
        `keyturn: it may have been started; the same command with\n  --idempotency-key ${idempotencyKey}\n  finds it instead of starting another`,
        { notice: 'may have been started', idempotencyKey },
      );
    throw error;
  }
}

/** Starts work and, with `--wait`, follows it. */
export async function startOperation(
  context: Context,
  options: WorkOptions,
  work: Work,
): Promise<Outcome> {
  await announceChange(context, work.what);
  const answer = await sendStart(context, options, work.start);
  const { operationId } = answer.body;
  const resume = work.resume(operationId);
  if (context.settings.flags.wait) {
    context.report.notice(`started ${operationId}`, { notice: 'started', operationId, resume });
    return work.watch(operationId);
  }
  printAnswer(context, answer, (body) => body.operationId);
  context.report.notice(`started\n  next: ${resume}`, { notice: 'started', operationId, resume });
  return 'ok';
}
