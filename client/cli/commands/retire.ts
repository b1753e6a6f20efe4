// SPDX-License-Identifier: Apache-2.0
// `keyturn key retire`: shows what speaks for and against retiring a version, and marks it when nothing speaks against.
import type { Command } from 'commander';
import { announceChange } from '../announce.ts';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { viewRetirement } from '../reencryption-views.ts';

interface RetireOptions {
  readonly keyVersion: string;
  readonly check?: boolean;
}

async function retire(context: Context, key: string, options: RetireOptions): Promise<Outcome> {
  if (!/^[1-9]\d{0,7}$/.test(options.keyVersion))
    throw new UsageError(`"${options.keyVersion}" is no version`, 'such as: --key-version 3');
  const target = { key, version: Number(options.keyVersion) };
  const { signal } = context;
  if (!options.check)
    await announceChange(context, `mark version ${target.version} of key ${key} as ready to go`);
  const client = context.client();
  const answer = options.check
    ? await client.checkRetirement(target, { signal })
    : await client.retireVersion(target, { signal });
  printAnswer(context, answer, viewRetirement);
  return answer.body.isReady ? 'ok' : 'failed';
}

/** Adds the verb to `key`. */
export function addRetire(key: Command, act: Act): void {
  addVerb(key, 'retire <name>', {
    summary: 'Mark an old version as ready to be destroyed, if all evidence is there',
    examples: [
      'keyturn key retire orders --key-version 1 --check',
      'keyturn key retire orders --key-version 1',
    ],
  })
    .requiredOption('--key-version <number>', 'the version')
    .option('--check', 'only show each condition')
    .action(act(retire));
}
