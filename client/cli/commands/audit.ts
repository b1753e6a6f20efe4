// SPDX-License-Identifier: Apache-2.0
// `keyturn audit …`: verify and export the audit chains of keys.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { AuditHead } from '#core/audit/chain.ts';
import { everyItem } from '../../sdk/index.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, print } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { showable } from '../report.ts';
import { headLine, readChain, type Verdict, verifyExport, verifyKey } from '../verify-audit.ts';

interface VerifyOptions {
  readonly key?: string;
  readonly file?: string;
  readonly head?: AuditHead;
}

/** Reads `SEQUENCE:HASH`. */
export function parseHead(text: string): AuditHead {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (!match?.[2])
    throw new UsageError(`--head "${text}" is not SEQUENCE:HASH`, 'an export ends with its head');
  return { sequence: Number(match[1]), hash: match[2] };
}

function verdictLine({ key, records, finding }: Verdict): string {
  if (!finding) return `✓ ${showable(key)}: ${records} records`;
  const { sequence, kind, detail } = finding;
  return `✗ ${showable(key)}: record ${sequence}: ${kind}: ${showable(detail)}`;
}

async function verdicts(
  context: Context,
  options: VerifyOptions,
  tell: (verdict: Verdict) => void,
): Promise<Verdict[]> {
  const { client, signal } = context;
  const all: Verdict[] = [];
  const add = (verdict: Verdict): void => {
    all.push(verdict);
    tell(verdict);
  };
  if (options.file !== undefined) add(verifyExport(readText(options.file), options));
  else if (options.key !== undefined) add(await verifyKey(client(), options.key, signal));
  else {
    for await (const { name } of everyItem((page) => client().listKeys(page), { signal }))
      add(await verifyKey(client(), name, signal));
  }
  return all;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'keyturn audit export --key NAME > FILE',
    );
  }
}

async function verify(context: Context, options: VerifyOptions): Promise<Outcome> {
  if (options.head && options.file === undefined)
    throw new UsageError('--head goes with --file', 'without --file the API gives the head');
  const { output } = context.settings.flags;
  const all = await verdicts(context, options, (verdict) => {
    if (output === 'table') print(context, verdictLine(verdict));
    if (output === 'jsonl') print(context, JSON.stringify(verdict));
  });
  const broken = all.filter(({ finding }) => finding !== null).length;
  if (output === 'json') print(context, JSON.stringify({ keys: all, broken }));
  const records = all.reduce((sum, verdict) => sum + verdict.records, 0);
  context.report.notice(
    `${all.length} keys, ${records} records: ${broken === 0 ? 'all chains hold' : `${broken} broken`}`,
    { keys: all.length, records, broken },
  );
  return broken === 0 ? 'ok' : 'integrity';
}

async function exportChain(context: Context, options: { key: string }): Promise<Outcome> {
  const { records, head } = await readChain(context.client(), options.key, context.signal);
  for (const record of records) {
    if (context.host.stdout.isClosed) return 'ok';
    print(context, JSON.stringify(record));
  }
  print(context, headLine(options.key, head));
  return 'ok';
}

/** Adds `audit` and its verbs. */
export function addAuditCommands(program: Command, act: Act): void {
  const audit = addNoun(program, 'audit', {
    summary: 'Audit records: verify, export',
    examples: ['keyturn audit verify', 'keyturn audit export --key orders > orders.jsonl'],
  });
  addVerb(audit, 'verify', {
    summary: 'Verify the audit chain of all keys, of one, or of an export; exits 9 on a finding',
    examples: [
      'keyturn audit verify --key orders --user ada',
      'keyturn audit verify --file orders.jsonl',
    ],
  })
    .option('--key <name>', 'only this key; with --file: the key it must be of')
    .option('--file <file>', 'verify an export, without any connection')
    .option('--head <sequence:hash>', 'head kept elsewhere that the export must end at', parseHead)
    .action(act(verify));
  addVerb(audit, 'export', {
    summary: 'Print all audit records of a key as JSON lines, with the head as the last line',
    examples: [
      'keyturn audit export --key orders > orders.jsonl',
      'keyturn audit export --key orders | jq -r .action',
    ],
  })
    .requiredOption('--key <name>', 'key to export')
    .action(act(exportChain));
}
