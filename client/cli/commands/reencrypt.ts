// SPDX-License-Identifier: Apache-2.0
// `keyturn reencrypt …`: moves stored ciphertexts to the current version of a key.
import type { Command } from 'commander';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { viewReencryption } from '../reencryption-views.ts';
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
}
