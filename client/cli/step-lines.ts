// SPDX-License-Identifier: Apache-2.0
// Progress of an operation on standard error: `✓ step elapsed` when a step is over, `✗` when the operation went back
// or was parked there, `↻` for the step that runs (on a terminal) and for a further attempt.
import type { ResponseOf } from '../sdk/index.ts';
import { type Report, showable } from './report.ts';

type Operation = ResponseOf<'getOperation'>;

/** Steps that are entered because the step before them failed. */
const AFTER_FAILURE = new Set(['CompensateOperation', 'ParkOperation']);

/** Duration for people, such as `0.4 s`, `12.0 s`, `3 min 05 s`. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

interface EndedStep {
  readonly step: string;
  readonly isFailed: boolean;
  readonly milliseconds: number;
}

function endedSteps(operation: Operation): EndedStep[] {
  const { timeline, state, endedAt } = operation;
  return timeline.flatMap(({ step, at }, index) => {
    const next = timeline[index + 1];
    const isLast = next === undefined;
    if (isLast && state === 'running') return [];
    const end = next?.at ?? endedAt ?? at;
    const isFailed = isLast ? state === 'parked' : AFTER_FAILURE.has(next.step);
    return [{ step, isFailed, milliseconds: Date.parse(end) - Date.parse(at) }];
  });
}

/** Prints what is new each time an operation is shown. */
export function createStepLines(report: Report, now: () => number) {
  let printed = 0;
  let attempt = 1;
  const { paint } = report;

  function tellStep({ step, isFailed, milliseconds }: EndedStep): void {
    const mark = isFailed ? paint.red('✗') : paint.green('✓');
    const time = elapsed(milliseconds);
    report.notice(`${mark} ${showable(step).padEnd(24)} ${time}`, {
      step,
      outcome: isFailed ? 'failed' : 'done',
      elapsedSeconds: milliseconds / 1000,
    });
  }

  function tellAttempt(operation: Operation): void {
    if (operation.attempt <= attempt) return;
    attempt = operation.attempt;
    report.notice(`↻ attempt ${attempt}, from ${showable(operation.step)}`, {
      notice: 'attempt',
      attempt,
      step: operation.step,
    });
  }

  function tellEnd(operation: Operation): void {
    const end = operation.endedAt ? Date.parse(operation.endedAt) : now();
    const time = elapsed(end - Date.parse(operation.startedAt));
    const isDone = operation.state === 'done';
    const why = operation.cause ? `: ${showable(operation.cause)}` : '';
    const retry = operation.retryAt ? `\n  it is taken up again at ${operation.retryAt}` : '';
    report.notice(
      `${isDone ? paint.green('✓') : paint.red('✗')} ${operation.state} after ${time}${why}${retry}`,
      { operationId: operation.id, state: operation.state, cause: operation.cause },
    );
  }

  return {
    show(operation: Operation): void {
      tellAttempt(operation);
      const ended = endedSteps(operation);
      for (const step of ended.slice(printed)) tellStep(step);
      printed = Math.max(printed, ended.length);
      const current = operation.timeline.at(-1);
      if (operation.state !== 'running') tellEnd(operation);
      else if (current)
        report.live(`↻ ${showable(current.step)} ${elapsed(now() - Date.parse(current.at))}`);
    },
  };
}
