// SPDX-License-Identifier: Apache-2.0
// `keyturn key history`: the versions of a key, and what happened to it. Who may not read the audit still sees the
// versions.
import type { Command } from 'commander';
import { type Answer, everyItem, ProblemError, type ResponseOf } from '../../sdk/index.ts';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, print, widthOf } from '../context.ts';
import { viewAudit, viewVersions } from '../views.ts';

type Versions = ResponseOf<'listVersions'>;
type Audit = ResponseOf<'readAudit'>;

/** Null, with a notice, when policy denies the audit to this caller. */
async function unlessDenied<T>(context: Context, reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 403) throw error;
    context.report.notice('keyturn: no audit timeline: reading the audit is denied to you', {
      notice: 'audit timeline left out',
      reason: error.problem.detail,
    });
    return null;
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function printBodies(context: Context, name: string): Promise<void> {
  const { client, signal, host } = context;
  const [versions, audit]: [Answer<Versions>, Answer<Audit> | null] = await Promise.all([
    client().listVersions(name, { signal }),
    unlessDenied(context, client().readAudit(name, { signal })),
  ]);
  // Two bodies of the API, each unchanged, under one roof.
  host.stdout.write(`{"versions":${versions.text},"audit":${audit?.text ?? 'null'}}\n`);
}

async function printHistory(context: Context, name: string): Promise<void> {
  const { client, signal, settings } = context;
  const [versions, records] = await Promise.all([
    collect(everyItem((page) => client().listVersions(name, page), { signal })),
    unlessDenied(context, collect(everyItem((page) => client().readAudit(name, page), { signal }))),
  ]);
  if (settings.flags.output === 'jsonl') {
    for (const item of [...versions, ...(records ?? [])]) print(context, JSON.stringify(item));
    return;
  }
  const width = widthOf(context);
  print(context, viewVersions(versions, width));
  if (records) print(context, `\n${viewAudit(records, width)}`);
}

/** Adds `key history`. */
export function addHistory(key: Command, act: Act): void {
  addVerb(key, 'history <name>', {
    summary: 'Show the versions of a key and what happened to it',
    examples: [
      'keyturn key history orders',
      'keyturn key history orders --user ada --output jsonl',
    ],
  }).action(
    act(async (context: Context, name: string) => {
      if (context.settings.flags.output === 'json') await printBodies(context, name);
      else await printHistory(context, name);
      return 'ok';
    }),
  );
}
