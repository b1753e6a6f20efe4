// SPDX-License-Identifier: Apache-2.0
// Follows the provisioning of a key store to its end. Two of its steps wait for an HSM administrator, so it says where
// their tasks are.
import { z } from 'zod';
import type { ResponseOf } from '../sdk/index.ts';
import { type Context, printAnswer } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { follow } from './follow.ts';
import { showable } from './report.ts';
import { elapsed } from './step-lines.ts';
import { viewKeyStore } from './views.ts';
import { commandLine } from './watch-operation.ts';

type KeyStore = ResponseOf<'getKeyStore'>;

/** Members that tell the progress; answers of older versions lack them. */
const Progress = z.object({
  step: z.string().nullish().catch(null),
  cause: z.string().nullish().catch(null),
});

function createProgressLines({ report, host }: Context) {
  let step: string | null = null;
  let since = host.now();
  const began = since;
  const tell = (mark: string, what: string, from: number): void =>
    report.notice(`${mark} ${showable(what).padEnd(24)} ${elapsed(host.now() - from)}`, {
      step: what,
      elapsedSeconds: (host.now() - from) / 1000,
    });
  return (store: KeyStore): void => {
    const progress = Progress.parse(store);
    const next = progress.step ?? null;
    if (step !== null && next !== step) tell('✓', step, since);
    if (next !== step) [step, since] = [next, host.now()];
    if (store.state === 'running' && step !== null)
      report.live(`↻ ${showable(step)} ${elapsed(host.now() - since)}`);
    if (store.state === 'running') return;
    const why = progress.cause ? `: ${progress.cause}` : '';
    tell(store.state === 'done' ? '✓' : '✗', `${store.state}${why}`, began);
  };
}

/** Like watching an operation, for key stores, whose operation has no key. */
export async function watchKeyStore(
  context: Context,
  name: string,
  operationId: string,
): Promise<Outcome> {
  const tasks = commandLine(context, ['key-store', 'tasks', name]);
  context.report.notice(`an HSM administrator has to complete its tasks: ${tasks}`, {
    notice: 'tasks of an HSM administrator follow',
    tasks,
  });
  const answer = await follow<KeyStore>(context, {
    operationId,
    read: (options) => context.client().getKeyStore(name, options),
    isRunning: ({ state }) => state === 'running',
    show: createProgressLines(context),
    resume: commandLine(context, ['key-store', 'show', name]),
  });
  if (!answer) return 'interrupted';
  printAnswer(context, answer, viewKeyStore);
  return answer.body.state === 'done' ? 'ok' : 'failed';
}
