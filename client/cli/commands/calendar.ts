// SPDX-License-Identifier: Apache-2.0
// `keyturn calendar`: what rotates when, and the hours in which more is due than may begin.
import type { Command } from 'commander';
import type { PageOptions, ResponseOf } from '../../sdk/index.ts';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, print, widthOf } from '../context.ts';
import { type PageFlags, printList } from '../list.ts';
import { viewCalendar, viewCrowded } from '../views.ts';

interface Flags extends PageFlags {
  readonly from?: string;
  readonly until?: string;
}

async function printCalendar(context: Context, flags: Flags): Promise<void> {
  const span = {
    ...(flags.from !== undefined && { from: flags.from }),
    ...(flags.until !== undefined && { until: flags.until }),
  };
  const crowded: ResponseOf<'readCalendar'>['crowded'] = [];
  const read = async (page: PageOptions) => {
    const answer = await context.client().readCalendar({ ...page, ...span });
    crowded.push(...answer.body.crowded);
    return answer;
  };
  await printList(context, flags, read, viewCalendar);
  if (context.settings.flags.output === 'table' && crowded.length > 0)
    print(context, `\n${viewCrowded(crowded, widthOf(context))}`);
}

/** Adds `calendar`. */
export function addCalendarCommand(program: Command, act: Act): void {
  addVerb(program, 'calendar', {
    summary: 'Show what rotates when; a week from now unless told otherwise',
    examples: [
      'keyturn calendar',
      'keyturn calendar --from 2027-01-01T00:00:00Z --until 2027-02-01T00:00:00Z --output jsonl',
    ],
  })
    .option('--from <instant>', 'first instant, RFC 3339 UTC (default: now)')
    .option('--until <instant>', 'end, not part of it (default: a week after --from)')
    .option('--limit <n>', 'entries a page (json)')
    .option('--cursor <cursor>', 'page to begin with (json)')
    .action(
      act(async (context: Context, flags: Flags) => {
        await printCalendar(context, flags);
        return 'ok';
      }),
    );
}
