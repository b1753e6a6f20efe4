// SPDX-License-Identifier: Apache-2.0
// Polls something until it has ended. Leaving (Ctrl-C) never cancels what is polled: it only stops looking.
import { type Answer, ProblemError, UnreachableError } from '../sdk/index.ts';
import type { Context } from './context.ts';

const FIRST_POLL_MS = 500;
const LONGEST_POLL_MS = 2000;
const POLL_GROWTH = 1.5;
/** How long the API may be away before we give up watching; a restart of a deployment takes less. */
const PATIENCE_MS = 60_000;

/** What is followed. */
export interface Subject<T> {
  readonly operationId: string;
  readonly read: (options: { readonly signal: AbortSignal }) => Promise<Answer<T>>;
  readonly isRunning: (body: T) => boolean;
  /** Tells what is new on standard error. */
  readonly show: (body: T) => void;
  /** Command that takes the following up again. */
  readonly resume: string;
}

function isPassing(error: unknown): boolean {
  if (error instanceof UnreachableError) return !error.untrusted;
  return error instanceof ProblemError && error.retryable;
}

/** Reads, bearing with an API that is away for a while. */
function createReader<T>(context: Context, subject: Subject<T>) {
  let awaySince: number | null = null;
  return async (): Promise<Answer<T> | null> => {
    try {
      const answer = await subject.read({ signal: context.signal });
      awaySince = null;
      return answer;
    } catch (error) {
      if (context.signal.aborted) return null;
      const now = context.host.now();
      awaySince ??= now;
      if (!isPassing(error) || now - awaySince > PATIENCE_MS) {
        tellResume(context, subject, 'not watched any more');
        throw error;
      }
      const reason = error instanceof Error ? error.message : String(error);
      context.report.notice(`↻ asking again: ${reason}`, { notice: 'asking again', reason });
      return null;
    }
  };
}

function tellResume<T>(context: Context, subject: Subject<T>, why: string): void {
  const { operationId, resume } = subject;
  context.report.notice(`${why}; operation ${operationId} goes on\n  next: ${resume}`, {
    notice: why,
    operationId,
    resume,
  });
}

/** Polls until the subject has ended; null when Ctrl-C came first. @throws what reading throws for good */
export async function follow<T>(context: Context, subject: Subject<T>): Promise<Answer<T> | null> {
  const read = createReader(context, subject);
  let pause = FIRST_POLL_MS;
  for (;;) {
    const answer = await read();
    if (answer) subject.show(answer.body);
    if (answer && !subject.isRunning(answer.body)) return answer;
    if (!context.signal.aborted) await context.host.sleep(pause, context.signal);
    if (context.signal.aborted) {
      tellResume(context, subject, 'detached');
      return null;
    }
    pause = Math.min(pause * POLL_GROWTH, LONGEST_POLL_MS);
  }
}
