// SPDX-License-Identifier: Apache-2.0
// `keyturn reencrypt …`: moves stored ciphertexts to the current version of a key.
import type { Command } from 'commander';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { viewReencryption } from '../reencryption-views.ts';
import { startAct } from '../start-act.ts';
import { startOperation, type WorkOptions } from '../start-operation.ts';
import { resumeCommand, watchOperation } from '../watch-operation.ts';

interface StartOptions extends WorkOptions {
  readonly reason?: string;
}

/** Start and resume are one request: a run that stopped is taken up, else a new one begins. */
function addStart(noun: Command, act: Act, verb: 'start' | 'resume', summary: string): void {
  const command = addVerb(noun, `${verb} <key>`, {
    summary,
    examples: [
      `keyturn reencrypt ${verb} orders --wait`,
      `keyturn reencrypt ${verb} orders --reason "before the audit"`,
    ],
  }).option('--reason <text>', 'why, for the audit record');
  withIdempotencyKey(command).action(
    act((context: Context, key: string, options: StartOptions) => {
      const body = options.reason === undefined ? {} : { reason: options.reason };
      return startOperation(context, options, {
        what: `re-encrypt what is stored under key ${key}`,
        start: (started) => context.client().startReencryption(key, body, started),
        watch: (id) => watchOperation(context, id),
        resume: (id) => resumeCommand(context, id),
      });
    }),
  );
}

interface OpenOptions extends WorkOptions {
  readonly keyVersion: string;
  readonly hours: string;
  readonly reason: string;
}

function open(context: Context, key: string, options: OpenOptions) {
  const version = wholeNumber(options.keyVersion, '--key-version 1');
  const hours = wholeNumber(options.hours, '--hours 24');
  return startAct(context, options, {
    what: `ask that what revoked version ${version} of key ${key} protects be re-encrypted, for ${hours} h`,
    start: (started) =>
      context.client().openVersion({ key, version }, { hours, reason: options.reason }, started),
  });
}

function wholeNumber(text: string, example: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is no whole number above 0`, `such as: ${example}`);
}

function addOpen(noun: Command, act: Act): void {
  withIdempotencyKey(
    addVerb(noun, 'open <key>', {
      summary: 'Ask for approvals to re-encrypt what a revoked version protects (exit code 8)',
      examples: [
        'keyturn reencrypt open orders --key-version 2 --hours 24 --reason "archive is under it"',
        'keyturn reencrypt open orders --key-version 2 --hours 4 --reason "case 4711" --wait',
      ],
    }),
  )
    .requiredOption('--key-version <number>', 'the revoked version')
    .requiredOption('--hours <number>', 'for how long, 1 to 168')
    .requiredOption('--reason <text>', 'why, for those who decide')
    .action(act(open));
}

/** Adds `reencrypt` and its verbs. */
export function addReencryptCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'reencrypt', {
    summary: 'Re-encryption of stored ciphertexts: start, status, resume',
    examples: ['keyturn reencrypt start orders --wait', 'keyturn reencrypt status orders'],
  });
  addStart(noun, act, 'start', 'Re-encrypt what is stored under old versions of a key');
  addVerb(noun, 'status <key>', {
    summary: 'How far it is, how long it will take, and what stayed unreadable',
    examples: [
      'keyturn reencrypt status orders',
      'keyturn reencrypt status orders --output json | jq .deadItems',
    ],
  }).action(
    act(async (context: Context, key: string) => {
      const answer = await context.client().getReencryption(key, { signal: context.signal });
      printAnswer(context, answer, viewReencryption);
      return 'ok';
    }),
  );
  addStart(noun, act, 'resume', 'Take up a run that stopped, from its checkpoints');
  addOpen(noun, act);
}
