// SPDX-License-Identifier: Apache-2.0
// Follows one operation to its end, one line per step, and prints it.
import type { ResponseOf } from '../sdk/index.ts';
import { type Context, printAnswer } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { follow } from './follow.ts';
import { createStepLines } from './step-lines.ts';
import { viewOperation } from './views.ts';

export type Operation = ResponseOf<'getOperation'>;

function quotedWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command to type next, with the flags that say where and as whom this call was made. */
export function commandLine({ settings }: Context, words: readonly string[]): string {
  const { stackFile, endpointUrl, stage, user } = settings.flags;
  const flags = [
    ['--stack-file', stackFile],
    ['--endpoint-url', endpointUrl],
    ['--stage', stage],
    ['--user', user],
  ] as const;
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  return ['keyturn', ...words, ...given].map(quotedWord).join(' ');
}

/** The command that takes the watching of an operation up again. */
export function resumeCommand(context: Context, operationId: string): string {
  return commandLine(context, ['operation', 'watch', operationId]);
}

/** Done is success; parked and compensated are not, and Ctrl-C is neither. */
export async function watchOperation(context: Context, id: string): Promise<Outcome> {
  const lines = createStepLines(context.report, context.host.now);
  const answer = await follow<Operation>(context, {
    operationId: id,
    read: (options) => context.client().getOperation(id, options),
    isRunning: ({ state }) => state === 'running',
    show: lines.show,
    resume: resumeCommand(context, id),
  });
  if (!answer) return 'interrupted';
  printAnswer(context, answer, viewOperation);
  return answer.body.state === 'done' ? 'ok' : 'failed';
}
