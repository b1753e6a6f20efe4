// SPDX-License-Identifier: Apache-2.0
// `keyturn drill …`: the recovery of the key store is exercised on a cluster of its own. Custodians answer, and an HSM
// administrator lists the keys of the restored HSM.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Answer, ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { viewDrill, viewDrills } from '../drill-views.ts';
import type { Outcome } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { follow } from '../follow.ts';
import { type PageFlags, printList } from '../list.ts';
import { commandLine } from '../watch-operation.ts';

type Drill = ResponseOf<'getDrill'>;

const ID = 'drl_0003';
/** KMS labels the object of a key with its ARN, which ends with its id. */
const KEY_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function printDrill(context: Context, answer: Answer<Drill>): Outcome {
  printAnswer(context, answer, viewDrill);
  return answer.body.state === 'failed' ? 'failed' : 'ok';
}

async function watchDrill(context: Context, id: string): Promise<Outcome> {
  let shown: string | null = null;
  const answer = await follow<Drill>(context, {
    operationId: id,
    read: (options) => context.client().getDrill(id, options),
    isRunning: ({ state }) => state === 'running',
    show: ({ phase, custodians }) => {
      const line = `${phase}, ${custodians.answered} of ${custodians.items.length} custodians answered`;
      if (line !== shown) context.report.notice(`↻ ${line}`, { phase });
      shown = line;
    },
    resume: commandLine(context, ['drill', 'status', id]),
  });
  return answer ? printDrill(context, answer) : 'interrupted';
}

function addRun(noun: Command, act: Act): void {
  addVerb(noun, 'run', {
    summary: 'Begin a recovery drill, or show the one that runs; --wait follows it',
    examples: ['keyturn drill run', 'keyturn drill run --wait --output json'],
  }).action(
    act(async (context: Context) => {
      await announceChange(context, 'begin a recovery drill');
      const answer = await context.client().startDrill({ signal: context.signal });
      if (context.settings.flags.wait) return watchDrill(context, answer.body.id);
      return printDrill(context, answer);
    }),
  );
}

function addStatus(noun: Command, act: Act): void {
  addVerb(noun, 'status <id>', {
    summary: 'Show a drill; --wait follows it to its end',
    examples: [`keyturn drill status ${ID} --wait`, `keyturn drill status ${ID} --output json`],
  }).action(
    act(async (context: Context, id: string) => {
      if (context.settings.flags.wait) return watchDrill(context, id);
      return printDrill(context, await context.client().getDrill(id, { signal: context.signal }));
    }),
  );
}

async function newest(context: Context): Promise<string> {
  const { body } = await context.client().listDrills({ signal: context.signal });
  const [last] = body.items;
  if (last) return last.id;
  throw new UsageError('no drill was ever run here', 'begin one: keyturn drill run');
}

function addReport(noun: Command, act: Act): void {
  addVerb(noun, 'report [id]', {
    summary:
      'Report of the last drill, or of one: times, keys, who answered; exit code 1 if it failed',
    examples: ['keyturn drill report', `keyturn drill report ${ID} --output json`],
  }).action(
    act(async (context: Context, id: string | undefined) => {
      const found = id ?? (await newest(context));
      return printDrill(
        context,
        await context.client().getDrill(found, { signal: context.signal }),
      );
    }),
  );
}

function addList(noun: Command, act: Act): void {
  addVerb(noun, 'list', {
    summary: 'List drills, the newest first',
    examples: ['keyturn drill list', 'keyturn drill list --output jsonl'],
  }).action(
    act(async (context: Context, flags: PageFlags) => {
      await printList(context, flags, (page) => context.client().listDrills(page), viewDrills);
      return 'ok';
    }),
  );
}

function addAnswer(noun: Command, act: Act): void {
  addVerb(noun, 'answer <id>', {
    summary: 'Say, as a custodian, that a recovery would have reached you',
    examples: [`keyturn drill answer ${ID}`, `keyturn drill answer ${ID} --output json`],
  }).action(
    act(async (context: Context, id: string) => {
      await announceChange(context, `answer drill ${id}`);
      const answer = await context.client().answerDrill(id, { signal: context.signal });
      printAnswer(context, answer, viewDrill);
      return 'ok';
    }),
  );
}

/** One label a line; of an ARN its id is enough. */
function readLabels(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8').split(/\r?\n/);
    const labels = lines.map((line) => line.trim()).filter(Boolean);
    return labels.map((label) => KEY_ID.exec(label)?.[0] ?? label);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`the listing cannot be read: ${why}`, 'see "docs/recovery.md"');
  }
}

function addKeys(noun: Command, act: Act): void {
  addVerb(noun, 'keys <id>', {
    summary: 'Hand in the keys of the restored HSM, as its administrator lists them',
    examples: [
      `keyturn drill keys ${ID} --file labels.txt`,
      `keyturn drill keys ${ID} --file labels.txt --output json`,
    ],
  })
    .requiredOption('--file <file>', 'labels of all keys in the HSM, one a line')
    .action(
      act(async (context: Context, id: string, { file }: { readonly file: string }) => {
        const labels = readLabels(file);
        await announceChange(context, `hand in ${labels.length} labels for drill ${id}`);
        const options = { signal: context.signal };
        return printDrill(context, await context.client().reportDrillKeys(id, { labels }, options));
      }),
    );
}

/** Adds `drill` and its verbs. */
export function addDrillCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'drill', {
    summary: 'Recovery drills: run, status, report, list, answer, keys',
    examples: ['keyturn drill run --wait', 'keyturn drill report'],
  });
  addRun(noun, act);
  addStatus(noun, act);
  addReport(noun, act);
  addList(noun, act);
  addAnswer(noun, act);
  addKeys(noun, act);
}
