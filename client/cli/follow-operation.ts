// SPDX-License-Identifier: Apache-2.0
// Follows an operation to its end, one line per step. Leaving (Ctrl-C) never cancels the operation.
import { type Answer, ProblemError, type ResponseOf, UnreachableError } from '../sdk/index.ts';
import type { Context } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { createStepLines } from './step-lines.ts';

const FIRST_POLL_MS = 500;
const LONGEST_POLL_MS = 2000;
const POLL_GROWTH = 1.5;
/** How long the API may be away before we give up watching; a restart of a deployment takes less. */
const PATIENCE_MS = 60_000;

export type Operation = ResponseOf<'getOperation'>;

/** How the following ended. */
export type Followed =
  | { readonly kind: 'ended'; readonly answer: Answer<Operation> }
  | { readonly kind: 'detached' };

/** What an ended operation means for the exit code: only `done` is success. */
export function outcomeOfOperation(operation: Operation): Outcome {
  return operation.state === 'done' ? 'ok' : 'failed';
}

function quotedWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command that takes the following up again, with the flags that this call had. */
export function resumeCommand({ settings }: Context, operationId: string): string {
  const { stackFile, endpointUrl, stage, user } = settings.flags;
  const flags = [
    ['--stack-file', stackFile],
    ['--endpoint-url', endpointUrl],
    ['--stage', stage],
    ['--user', user],
  ] as const;
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  return `keyturn operation watch ${[operationId, ...given].map(quotedWord).join(' ')}`;
}

function isPassing(error: unknown): boolean {
  if (error instanceof UnreachableError) return !error.untrusted;
  return error instanceof ProblemError && error.retryable;
}

/** Reads the operation, bearing with an API that is away for a while. */
function createReader(context: Context, id: string) {
  let awaySince: number | null = null;
  return async (): Promise<Answer<Operation> | null> => {
    try {
      const answer = await context.client().getOperation(id, { signal: context.signal });
      awaySince = null;
      return answer;
    } catch (error) {
      if (context.signal.aborted) return null;
      awaySince ??= context.host.now();
      if (!isPassing(error) || context.host.now() - awaySince > PATIENCE_MS) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      context.report.notice(`↻ asking again: ${reason}`, { notice: 'asking again', reason });
      return null;
    }
  };
}

function tellDetached(context: Context, id: string): void {
  const resume = resumeCommand(context, id);
  context.report.notice(`detached; operation ${id} goes on\n  next: ${resume}`, {
    notice: 'detached',
    operationId: id,
    resume,
  });
}

/** Polls until the operation is no longer running, or until Ctrl-C. */
export async function followOperation(context: Context, id: string): Promise<Followed> {
  const read = createReader(context, id);
  const lines = createStepLines(context.report, context.host.now);
  let pause = FIRST_POLL_MS;
  for (;;) {
    const answer = await read();
    if (answer) lines.show(answer.body);
    if (answer && answer.body.state !== 'running') return { kind: 'ended', answer };
    if (!context.signal.aborted) await context.host.sleep(pause, context.signal);
    if (context.signal.aborted) {
      tellDetached(context, id);
      return { kind: 'detached' };
    }
    pause = Math.min(pause * POLL_GROWTH, LONGEST_POLL_MS);
  }
}
