// SPDX-License-Identifier: Apache-2.0
// `keyturn pause …`: have nothing begin by schedule that changes keys, for some hours.
import type { Command } from 'commander';
import type { ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { type PageFlags, printList } from '../list.ts';
import { renderFields } from '../table.ts';

type Pause = ResponseOf<'startPause'>;

export function viewPause(pause: Pause, width: number | undefined): string {
  return renderFields(
    [
      ['id', pause.id],
      ['state', pause.isActive ? 'holds: nothing begins by schedule that changes keys' : 'over'],
      ['until', pause.until],
      ['why', pause.reason],
      ['by', `${pause.by} at ${pause.startedAt}`],
      ['ended', pause.endedAt && `${pause.endedAt} by ${pause.endedBy}`],
      ...pause.deletionsAtKms.map(
        ({ key, version, deletionAt }) =>
          ['KMS still deletes', `${key} v${version} at ${deletionAt}`] as const,
      ),
    ],
    width,
  );
}

/** @throws UsageError */
function parseHours(text: string): number {
  if (/^[1-9][0-9]?$/.test(text)) return Number(text);
  throw new UsageError(`--hours ${text} is no number of hours`, 'whole hours, 72 at most');
}

function addStart(noun: Command, act: Act): void {
  addVerb(noun, 'start', {
    summary:
      'Begin no rotation, re-encryption, retirement or destruction by schedule for some hours',
    examples: [
      'keyturn pause start --hours 4 --reason "KMS answers oddly"',
      'keyturn pause start --hours 24 --reason "migration of the weekend" --output json',
    ],
  })
    .requiredOption('--hours <count>', 'it ends by itself after so many, 72 at most')
    .requiredOption('--reason <text>', 'why, for the audit record')
    .action(
      act(async (context: Context, options: { hours: string; reason: string }) => {
        const body = { hours: parseHours(options.hours), reason: options.reason };
        await announceChange(context, `pause scheduled work on keys for ${body.hours} h`);
        const { signal } = context;
        printAnswer(context, await context.client().startPause(body, { signal }), viewPause);
        return 'ok';
      }),
    );
}

function addShow(noun: Command, act: Act): void {
  addVerb(noun, 'show', {
    summary: 'Show whether a pause holds, and what KMS deletes all the same',
    examples: ['keyturn pause show', 'keyturn pause show --output json'],
  }).action(
    act(async (context: Context, flags: PageFlags) => {
      const view = (items: readonly Pause[], width: number | undefined) =>
        items.map((one) => viewPause(one, width)).join('') || 'nothing was ever paused\n';
      await printList(context, flags, (page) => context.client().listPauses(page), view);
      return 'ok';
    }),
  );
}

function addEnd(noun: Command, act: Act): void {
  addVerb(noun, 'end <id>', {
    summary: 'End a pause before its time',
    examples: ['keyturn pause end pause-7', 'keyturn pause end pause-7 --output json'],
  }).action(
    act(async (context: Context, id: string) => {
      await announceChange(context, `end ${id}`);
      const { signal } = context;
      printAnswer(context, await context.client().endPause(id, { signal }), viewPause);
      return 'ok';
    }),
  );
}

/** Adds `pause` and its verbs. */
export function addPauseCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'pause', {
    summary: 'Begin nothing by schedule that changes keys: start, show, end',
    examples: ['keyturn pause start --hours 4 --reason "KMS answers oddly"', 'keyturn pause show'],
  });
  addStart(noun, act);
  addShow(noun, act);
  addEnd(noun, act);
}
