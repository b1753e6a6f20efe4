// SPDX-License-Identifier: Apache-2.0
// `keyturn hold …`: keeps the versions of a key from being retired.
import type { Command } from 'commander';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { viewHold, viewHolds } from '../reencryption-views.ts';
import { parseInstant } from './key.ts';

interface AddOptions {
  readonly reason: string;
  readonly until?: string;
}

/** Adds `hold` and its verbs. */
export function addHoldCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'hold', {
    summary: 'Holds on a key: add, list, remove',
    examples: ['keyturn hold list orders', 'keyturn hold add orders lawsuit --reason "case 4711"'],
  });
  addVerb(noun, 'add <key> <name>', {
    summary: 'Keep every version of a key from being retired',
    examples: [
      'keyturn hold add orders lawsuit --reason "case 4711"',
      'keyturn hold add orders audit --reason "audit 2026" --until 2027-01-31T00:00:00Z',
    ],
  })
    .requiredOption('--reason <text>', 'why, for the audit record')
    .option('--until <instant>', 'RFC 3339 instant at which it ends by itself')
    .action(
      act(async (context: Context, key: string, hold: string, options: AddOptions) => {
        const { reason, until } = options;
        const end = until === undefined ? null : parseInstant(until, context.host.now());
        await announceChange(context, `hold key ${key} as ${hold}`);
        const { signal } = context;
        const body = { reason, until: end };
        const answer = await context.client().putHold({ key, hold }, body, { signal });
        printAnswer(context, answer, viewHold);
        return 'ok';
      }),
    );
  addVerb(noun, 'list <key>', {
    summary: 'Holds on a key',
    examples: ['keyturn hold list orders', 'keyturn hold list orders --output json'],
  }).action(
    act(async (context: Context, key: string) => {
      const answer = await context.client().listHolds(key, { signal: context.signal });
      printAnswer(context, answer, viewHolds);
      return 'ok';
    }),
  );
  addVerb(noun, 'remove <key> <name>', {
    summary: 'Take a hold away',
    examples: ['keyturn hold remove orders lawsuit', 'keyturn hold remove orders audit'],
  }).action(
    act(async (context: Context, key: string, hold: string) => {
      await announceChange(context, `release hold ${hold} of key ${key}`);
      const { signal } = context;
      const answer = await context.client().deleteHold({ key, hold }, { signal });
      printAnswer(context, answer, viewHold);
      return 'ok';
    }),
  );
}
