// SPDX-License-Identifier: Apache-2.0
// `keyturn source …`: where ciphertexts of a key lie.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { RequestOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { viewSource, viewSources } from '../reencryption-views.ts';

type SourceBody = RequestOf<'putSource'>;
type Copies = SourceBody['copies'];

interface AddOptions {
  readonly location: string;
  readonly shards?: string;
  readonly copy: Copies;
}

/** Reads `KIND=DAYS`, such as `backup=30`. */
export function parseCopy(text: string, before: Copies = []): Copies {
  const [kind = '', days = ''] = text.split('=');
  if (!/^\d{1,5}$/.test(days))
    throw new UsageError(`--copy "${text}" is not KIND=DAYS`, 'such as: --copy backup=30');
  // The API judges the kind: it alone knows which there are.
  const copy = { kind: kind as Copies[number]['kind'], retentionDays: Number(days) };
  return [...before, copy];
}

/** A location as JSON text, or `@FILE` that holds it. */
function parseLocation(text: string): SourceBody['location'] {
  try {
    return JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch {
    throw new UsageError(
      '--location is neither JSON nor a readable @FILE',
      `such as: --location '{"kind":"none","reason":"in transit only"}'`,
    );
  }
}

function toBody(options: AddOptions): SourceBody {
  const shards = options.shards === undefined ? {} : { shards: Number(options.shards) };
  return { location: parseLocation(options.location), copies: [...options.copy], ...shards };
}

function addAdd(noun: Command, act: Act): void {
  addVerb(noun, 'add <key> <name>', {
    summary: 'Register a source of ciphertexts, or change one',
    examples: [
      'keyturn source add orders cards --location @cards.json --copy point-in-time-recovery=35',
      'keyturn source add orders nothing --location @nothing.json',
    ],
  })
    .requiredOption('--location <json>', 'where it is, as JSON or @FILE (docs/reencryption.md)')
    .option('--shards <count>', 'parts that are worked on at once')
    .option('--copy <kind=days>', 'a copy that keeps old ciphertexts; repeatable', parseCopy, [])
    .action(
      act(async (context: Context, key: string, source: string, options: AddOptions) => {
        const body = toBody(options);
        await announceChange(context, `register source ${source} of key ${key}`);
        const { signal } = context;
        const answer = await context.client().putSource({ key, source }, body, { signal });
        printAnswer(context, answer, viewSource);
        return 'ok';
      }),
    );
}

/** Adds `source` and its verbs. */
export function addSourceCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'source', {
    summary: 'Where ciphertexts of a key lie: add, list, remove',
    examples: [
      'keyturn source list orders',
      'keyturn source add orders cards --location @cards.json --copy backup=30',
    ],
  });
  addAdd(noun, act);
  addVerb(noun, 'list <key>', {
    summary: 'Sources of a key, with their ciphertexts by version',
    examples: ['keyturn source list orders', 'keyturn source list orders --output json'],
  }).action(
    act(async (context: Context, key: string) => {
      const answer = await context.client().listSources(key, { signal: context.signal });
      printAnswer(context, answer, viewSources);
      return 'ok';
    }),
  );
  addVerb(noun, 'remove <key> <name>', {
    summary: 'Take a source off a key',
    examples: [
      'keyturn source remove orders cards',
      'keyturn source remove orders cards --output json',
    ],
  }).action(
    act(async (context: Context, key: string, source: string) => {
      await announceChange(context, `remove source ${source} of key ${key}`);
      const { signal } = context;
      const answer = await context.client().deleteSource({ key, source }, { signal });
      printAnswer(context, answer, viewSource);
      return 'ok';
    }),
  );
}
