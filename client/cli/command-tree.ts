// SPDX-License-Identifier: Apache-2.0
// How commands are declared: every noun and verb has two examples, and they come first in its help.
import { Command, Option } from 'commander';
import type { Context } from './context.ts';
import type { Outcome } from './exit-codes.ts';
import { type Flags, OUTPUTS } from './settings.ts';

/** What help shows of a command. Examples are complete command lines. */
export interface About {
  readonly summary: string;
  readonly examples: readonly [string, string];
}

/** Runs an action with a context made from the global flags; its outcome becomes the exit code. */
export type Act = <A extends readonly unknown[]>(
  action: (context: Context, ...args: A) => Promise<Outcome>,
) => (...args: unknown[]) => Promise<void>;

/** Puts examples before the usage. */
export function describe(command: Command, { summary, examples }: About): Command {
  const lines = examples.map((example) => `  $ ${example}`).join('\n');
  return command
    .summary(summary)
    .description(summary)
    .addHelpText('before', `Examples:\n${lines}\n`);
}

/** Adds a noun, such as `key`. */
export function addNoun(program: Command, name: string, about: About): Command {
  return describe(program.command(name), about).helpCommand(false);
}

/** Adds a verb with its arguments, such as `show <name>`. */
export function addVerb(noun: Command, usage: string, about: About): Command {
  return describe(noun.command(usage), about);
}

/** The key that makes repeating a start harmless. */
export function withIdempotencyKey(command: Command): Command {
  return command.option(
    '--idempotency-key <key>',
    'repeat an earlier start: same key and arguments, same operation',
  );
}

/** The root with the global options. */
export function createRoot(version: string): Command {
  const root = new Command('keyturn')
    .version(version)
    .addOption(
      new Option('--output <form>', 'form of the data on standard output')
        .choices(OUTPUTS)
        .default('table'),
    )
    .option('--stage <stage>', 'stage that a change is meant for (KEYTURN_STAGE)')
    .option('--user <name>', 'seeded person to act as, local stage only (default: alice)')
    .option('--endpoint-url <url>', 'API address, up to but without /v1 (KEYTURN_ENDPOINT_URL)')
    .option('--stack-file <file>', 'local stack to use (default: .local/stack.json of this clone)')
    .option('--wait', 'follow a started operation to its end')
    .option('--print-curl', 'print the request as a curl command instead of sending it')
    .option('--no-color', 'no colours (NO_COLOR)');
  return describe(root, {
    summary: 'Keyturn: lifecycle of CloudHSM-backed KMS keys',
    examples: ['keyturn key list', 'keyturn key rotate orders --wait'],
  });
}

/** The global flags of any command. */
export function flagsOf(command: Command): Flags {
  return command.optsWithGlobals<Flags>();
}
