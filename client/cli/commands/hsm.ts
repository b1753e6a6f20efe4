// SPDX-License-Identifier: Apache-2.0
// `keyturn hsm …`: the HSMs of a key store, one more, or a new one in the place of another.
import type { Command } from 'commander';
import type { RequestOf, ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { follow } from '../follow.ts';
import { viewHsmChange, viewHsms } from '../hsm-views.ts';
import { commandLine } from '../watch-operation.ts';

type Hsms = ResponseOf<'listHsms'>;

const isRunning = ({ change }: Hsms) =>
  change !== null && change.state !== 'done' && change.state !== 'failed';

async function watchChange(context: Context, name: string): Promise<Outcome> {
  let shown: string | null = null;
  const answer = await follow<Hsms>(context, {
    operationId: `on the HSMs of ${name}`,
    read: (options) => context.client().listHsms(name, options),
    isRunning,
    show: ({ change }) => {
      const state = change?.state ?? 'done';
      if (state !== shown) context.report.notice(`↻ ${state}`, { state });
      shown = state;
    },
    resume: commandLine(context, ['hsm', 'list', name]),
  });
  if (!answer) return 'interrupted';
  printAnswer(context, answer, viewHsms);
  return answer.body.change?.state === 'failed' ? 'failed' : 'ok';
}

async function change(
  context: Context,
  name: string,
  body: RequestOf<'changeHsms'>,
  what: string,
): Promise<Outcome> {
  await announceChange(context, what);
  const answer = await context.client().changeHsms(name, body, { signal: context.signal });
  if (context.settings.flags.wait) return watchChange(context, name);
  printAnswer(context, answer, viewHsmChange);
  return 'ok';
}

function addList(hsm: Command, act: Act): void {
  addVerb(hsm, 'list <key-store>', {
    summary: 'Show the HSMs of a key store, their zones, the room left, and the newest backup',
    examples: [
      'keyturn hsm list keyturn-local',
      'keyturn hsm list keyturn-local --output json | jq .findings',
    ],
  }).action(
    act(async (context: Context, name: string) => {
      const answer = await context.client().listHsms(name, { signal: context.signal });
      printAnswer(context, answer, viewHsms);
      return 'ok';
    }),
  );
}

function addAdd(hsm: Command, act: Act): void {
  addVerb(hsm, 'add <key-store>', {
    summary: 'Add an HSM to a key store, in the zone with the fewest or in one you name',
    examples: ['keyturn hsm add keyturn-local --wait', 'keyturn hsm add main --zone eu-west-1c'],
  })
    .option('--zone <zone>', 'availability zone in which the cluster has a subnet')
    .action(
      act((context: Context, name: string, { zone }: { readonly zone?: string }) =>
        change(context, name, zone === undefined ? {} : { zone }, `add an HSM to ${name}`),
      ),
    );
}

function addReplace(hsm: Command, act: Act): void {
  addVerb(hsm, 'replace <key-store> <hsm>', {
    summary:
      'Put a new HSM in the place of another, which goes once HSMs work in two zones without it',
    examples: [
      'keyturn hsm replace keyturn-local hsm-abcdefghij2 --wait',
      'keyturn hsm replace main hsm-abcdefghij2 --output json',
    ],
  }).action(
    act((context: Context, name: string, replaces: string) =>
      change(context, name, { replaces }, `replace HSM ${replaces} of ${name}`),
    ),
  );
}

/** Adds `hsm` and its verbs. */
export function addHsmCommands(program: Command, act: Act): void {
  const hsm = addNoun(program, 'hsm', {
    summary: 'HSMs of a key store: list, add, replace',
    examples: ['keyturn hsm list keyturn-local', 'keyturn hsm add keyturn-local --wait'],
  });
  addList(hsm, act);
  addAdd(hsm, act);
  addReplace(hsm, act);
}
