// SPDX-License-Identifier: Apache-2.0
// `keyturn data-key get`: the wrapped data key of a key of tier data. Only a workload gets one.
import type { Command } from 'commander';
import type { ResponseOf } from '../../sdk/index.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { renderFields } from '../table.ts';

function viewDataKey(key: ResponseOf<'fetchDataKey'>, width: number | undefined): string {
  return renderFields(
    [
      ['version', key.version],
      ['kms key', key.keyArn],
      ...Object.entries(key.context).map(
        ([name, value]) => ['context', `${name}=${value}`] as const,
      ),
      ['wrapped key', key.wrappedKey],
    ],
    width,
  );
}

/** @throws UsageError for what is no positive number */
export function parseVersion(text: string): number {
  const version = Number(text);
  if (Number.isInteger(version) && version > 0) return version;
  throw new UsageError(`--key-version "${text}" is not a version`, 'give a number from 1 on');
}

/** Adds `data-key` and its verb. */
export function addDataKeyCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'data-key', {
    summary: 'Wrapped data keys of keys of tier data',
    examples: [
      'keyturn data-key get order-rows',
      'keyturn data-key get order-rows --key-version 1 --output json',
    ],
  });
  addVerb(noun, 'get <key>', {
    summary: 'Fetch a wrapped data key; unwrap it with KMS Decrypt under its context',
    examples: [
      'keyturn data-key get order-rows',
      'keyturn data-key get order-rows --key-version 1 --output json | jq -r .wrappedKey',
    ],
  })
    .option('--key-version <number>', 'a version that is readable; default: the current one')
    .action(
      act(async (context: Context, name: string, options: { keyVersion?: string }) => {
        const { keyVersion } = options;
        const body = keyVersion === undefined ? {} : { version: parseVersion(keyVersion) };
        const answer = await context.client().fetchDataKey(name, body, { signal: context.signal });
        printAnswer(context, answer, viewDataKey);
        return 'ok';
      }),
    );
}
