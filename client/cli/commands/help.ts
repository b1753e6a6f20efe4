// SPDX-License-Identifier: Apache-2.0
// `keyturn help [TOPIC or COMMAND]`.
import type { Command } from 'commander';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, print } from '../context.ts';
import { UsageError } from '../failures.ts';
import { TOPICS } from '../topics.ts';

function findCommand(program: Command, words: readonly string[]): Command {
  return words.reduce((command, word) => {
    const found = command.commands.find((candidate) => candidate.name() === word);
    if (found) return found;
    throw new UsageError(
      `there is no help for "${words.join(' ')}"`,
      `topics: ${Object.keys(TOPICS).join(', ')}; commands: ${program.commands.map((c) => c.name()).join(', ')}`,
    );
  }, program);
}

/** Adds `help`. */
export function addHelp(program: Command, act: Act): void {
  program.helpCommand(false);
  addVerb(program, 'help [words...]', {
    summary: `Help for a command or a topic: ${Object.keys(TOPICS).join(', ')}`,
    examples: ['keyturn help exit-codes', 'keyturn help key rotate'],
  }).action(
    act(async (context: Context, words: string[]) => {
      const topic = words.length === 1 ? TOPICS[words[0] ?? ''] : undefined;
      if (topic) print(context, topic());
      else findCommand(program, words).outputHelp();
      return 'ok';
    }),
  );
}
