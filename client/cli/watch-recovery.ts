// SPDX-License-Identifier: Apache-2.0
// Follows a recovery to its end, phase by phase; one of them waits for an HSM administrator, so it says where the task is.
import type { ResponseOf } from '../sdk/index.ts';
import { type Context, printAnswer } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { follow } from './follow.ts';
import { viewRecovery } from './recovery-views.ts';
import { elapsed } from './step-lines.ts';
import { commandLine } from './watch-operation.ts';

type Recovery = ResponseOf<'getRecovery'>;

function createPhaseLines({ report, host }: Context) {
  let told = 0;
  return ({ phases, phase, state, survey, keyStore }: Recovery): void => {
    const ended = phases.filter(({ endedAt }) => endedAt !== null);
    for (const { name, seconds } of ended.slice(told))
      report.notice(`✓ ${name.padEnd(24)} ${elapsed((seconds ?? 0) * 1000)}`, {
        phase: name,
        elapsedSeconds: seconds,
      });
    told = Math.max(told, ended.length);
    if (state !== 'running') return;
    const since = phases.at(-1)?.startedAt;
    const how = phase === 'survey' ? `${survey.checked} versions` : '';
    const where = phase === 'reset-kmsuser' ? `task of ${keyStore} waits` : how;
    report.live(`↻ ${phase} ${where} ${since ? elapsed(host.now() - Date.parse(since)) : ''}`);
  };
}

/** @returns `failed` for one that parked */
export async function watchRecovery(context: Context, id: string): Promise<Outcome> {
  const answer = await follow<Recovery>(context, {
    operationId: id,
    read: (options) => context.client().getRecovery(id, options),
    isRunning: ({ state }) => state === 'running',
    show: createPhaseLines(context),
    resume: commandLine(context, ['recovery', 'status', id]),
  });
  if (!answer) return 'interrupted';
  printAnswer(context, answer, viewRecovery);
  return answer.body.state === 'done' ? 'ok' : 'failed';
}
