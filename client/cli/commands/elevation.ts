// SPDX-License-Identifier: Apache-2.0
// `keyturn elevation …`: the rights of a group for a while. Asking waits for others (exit code 8).
import type { Command } from 'commander';
import type { ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { type PageFlags, printList } from '../list.ts';
import { startAct } from '../start-act.ts';
import type { WorkOptions } from '../start-operation.ts';
import { renderFields, renderTable } from '../table.ts';

type Elevation = ResponseOf<'revokeElevation'>;
const ID = 'elv_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** `90s`, `45m` or `2h` in seconds. @throws UsageError */
function secondsOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  if (count === undefined)
    throw new UsageError(`--for "${text}" must be a time such as 90s, 45m or 2h`);
  return Number(count) * (UNITS[unit] ?? 1);
}

function stateOf({ isActive, revokedAt, revokedBy }: Elevation): string {
  if (isActive) return 'active';
  return revokedAt === null ? 'ended' : `revoked by ${revokedBy}`;
}

function viewElevations(elevations: readonly Elevation[], width: number | undefined): string {
  const titles = ['id', 'who', 'group', 'state', 'until', 'reason'];
  const rows = elevations.map((one) => [
    one.id,
    one.name,
    one.group,
    stateOf(one),
    one.until,
    one.reason,
  ]);
  return renderTable(titles, rows, width);
}

function viewElevation(one: Elevation, width: number | undefined): string {
  return renderFields(
    [
      ['id', one.id],
      ['who', one.name],
      ['group', one.group],
      ['state', stateOf(one)],
      ['why', one.reason],
      ['approved by', one.approvalId],
      ['granted at', one.grantedAt],
      ['until', one.until],
      ['revoked at', one.revokedAt],
    ],
    width,
  );
}

interface RequestFlags extends WorkOptions {
  readonly for: string;
  readonly reason: string;
}

function addRequest(noun: Command, act: Act): void {
  const verb = addVerb(noun, 'request <group>', {
    summary: 'Ask for the rights of a group for a while, for yourself (exit code 8)',
    examples: [
      'keyturn elevation request grp_operators --for 1h --reason "nobody on call answers" --user carol',
      'keyturn elevation request grp_auditors --for 30m --reason "incident 4711" --wait --user bob',
    ],
  })
    .option('--for <time>', 'how long from when it is granted: 30s to 8h, as 90s, 45m or 2h', '1h')
    .requiredOption('--reason <text>', 'why, for those who decide and for the audit record');
  withIdempotencyKey(verb).action(
    act((context: Context, group: string, flags: RequestFlags) => {
      const body = { group, seconds: secondsOf(flags.for), reason: flags.reason };
      return startAct(context, flags, {
        what: `ask for the rights of ${group} for ${flags.for}`,
        start: (started) => context.client().requestElevation(body, started),
      });
    }),
  );
}

function addList(noun: Command, act: Act): void {
  addVerb(noun, 'list', {
    summary: 'Who has rights for a while, and who had them within 30 days',
    examples: ['keyturn elevation list', 'keyturn elevation list --output jsonl'],
  }).action(
    act(async (context: Context, flags: PageFlags) => {
      const read = (page: object) => context.client().listElevations(page);
      await printList(context, flags, read, viewElevations);
      return 'ok';
    }),
  );
}

function addRevoke(noun: Command, act: Act): void {
  addVerb(noun, 'revoke <id>', {
    summary: 'End rights before their time; your own, or as operator or custodian those of others',
    examples: [
      `keyturn elevation revoke ${ID}`,
      `keyturn elevation revoke ${ID} --user bob --output json`,
    ],
  }).action(
    act(async (context: Context, id: string) => {
      await announceChange(context, `revoke elevation ${id}`);
      const answer = await context.client().revokeElevation(id, { signal: context.signal });
      printAnswer(context, answer, viewElevation);
      return 'ok';
    }),
  );
}

/** Adds `elevation` and its verbs. */
export function addElevationCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'elevation', {
    summary: 'Rights of a group for a while: request, list, revoke',
    examples: [
      'keyturn elevation list',
      'keyturn elevation request grp_operators --for 1h --reason "nobody on call answers" --user carol',
    ],
  });
  addRequest(noun, act);
  addList(noun, act);
  addRevoke(noun, act);
}
