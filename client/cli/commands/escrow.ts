// SPDX-License-Identifier: Apache-2.0
// `keyturn escrow …`: material in escrow. Operators ask and end sessions; custodians open their share on their own machine.
import type { Command } from 'commander';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { callBackCode } from '../escrow-shares.ts';
import { viewEscrow, viewSession } from '../escrow-views.ts';
import { UsageError } from '../failures.ts';
import { startAct } from '../start-act.ts';
import type { WorkOptions } from '../start-operation.ts';
import { parseVersion } from './data-key.ts';
import { addCustodianVerbs } from './escrow-custodian.ts';

interface SessionOptions extends WorkOptions {
  readonly keyVersion?: string;
  readonly reason?: string;
  readonly required?: string;
  readonly custodian?: readonly string[];
}

function parseRequired(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new UsageError(`--required ${text} is no number`, 'such as --required 3');
}

/** Asks for a session; the code is what custodians are told over a second channel. */
async function ask(
  context: Context,
  key: string,
  purpose: 'recover' | 'reshare',
  options: SessionOptions,
) {
  const { keyVersion, reason, required, custodian } = options;
  const body = {
    purpose,
    ...(keyVersion === undefined ? {} : { version: parseVersion(keyVersion) }),
    ...(reason === undefined ? {} : { reason }),
    ...(required === undefined ? {} : { required: parseRequired(required) }),
    ...(custodian === undefined ? {} : { custodians: [...custodian] }),
  };
  return startAct(context, options, {
    what: `${purpose} material of key ${key} from escrow`,
    start: async (started) => {
      const answer = await context.client().startEscrowSession(key, body, started);
      const { session } = answer.body;
      const code = callBackCode(session);
      context.report.notice(`session ${session.id}; read this code to the custodians: ${code}`, {
        notice: 'session',
        session: session.id,
        code,
      });
      return answer;
    },
  });
}

function addSessions(noun: Command, act: Act): void {
  const recover = addVerb(noun, 'recover <key>', {
    summary: 'Ask for approvals to bring shares together and import the material again',
    examples: [
      'keyturn escrow recover orders --reason "the material expired"',
      'keyturn escrow recover orders --key-version 2 --wait',
    ],
  })
    .option('--key-version <n>', 'version of the key (default: the current one)')
    .option('--reason <text>', 'why, for those who decide and the audit record');
  withIdempotencyKey(recover).action(
    act((context: Context, key: string, options: SessionOptions) =>
      ask(context, key, 'recover', options),
    ),
  );
  const reshare = addVerb(noun, 'reshare <key>', {
    summary: 'Ask for approvals to split the material anew, among other custodians',
    examples: [
      'keyturn escrow reshare orders --required 2 --custodian bob --custodian carol --custodian dan',
      'keyturn escrow reshare orders --required 2 --custodian bob --custodian dan --reason "carol leaves"',
    ],
  })
    .requiredOption('--required <n>', 'shares that will rebuild the material')
    .requiredOption(
      '--custodian <name>',
      'who will hold a share, by directory name; once for each',
      (name: string, names: readonly string[] = []) => [...names, name],
    )
    .option('--key-version <n>', 'version of the key (default: the current one)')
    .option('--reason <text>', 'why, for those who decide and the audit record');
  withIdempotencyKey(reshare).action(
    act((context: Context, key: string, options: SessionOptions) =>
      ask(context, key, 'reshare', options),
    ),
  );
}

function addEnds(noun: Command, act: Act): void {
  addVerb(noun, 'complete <key> <session>', {
    summary: 'Open the shares that are in, and import the material or split it anew',
    examples: [
      'keyturn escrow complete orders ers_01KAN6V6Q0T3D9M4XW8ZC2RBEY',
      'keyturn escrow complete orders ers_01KAN6V6Q0T3D9M4XW8ZC2RBEY --output json',
    ],
  }).action(
    act(async (context: Context, key: string, session: string) => {
      await announceChange(context, `open the shares of session ${session} of key ${key}`);
      const { signal } = context;
      const answer = await context.client().completeEscrowSession({ key, session }, { signal });
      printAnswer(context, answer, viewSession);
      return 'ok';
    }),
  );
  addVerb(noun, 'cancel <key> <session>', {
    summary: 'End a session without opening any share',
    examples: [
      'keyturn escrow cancel orders ers_01KAN6V6Q0T3D9M4XW8ZC2RBEY',
      'keyturn escrow cancel orders ers_01KAN6V6Q0T3D9M4XW8ZC2RBEY --output json',
    ],
  }).action(
    act(async (context: Context, key: string, session: string) => {
      await announceChange(context, `cancel session ${session} of key ${key}`);
      const { signal } = context;
      const answer = await context.client().cancelEscrowSession({ key, session }, { signal });
      printAnswer(context, answer, viewSession);
      return 'ok';
    }),
  );
}

/** Adds `escrow` and its verbs. */
export function addEscrowCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'escrow', {
    summary: 'Imported material that custodians can bring back together',
    examples: [
      'keyturn escrow status orders',
      'keyturn escrow contribute orders --identity ~/age.txt --code 6f1d-3c9a-52be',
    ],
  });
  addVerb(noun, 'status <key>', {
    summary: 'Who holds shares, who proved it, and what a session waits for',
    examples: ['keyturn escrow status orders', 'keyturn escrow status orders --output json'],
  }).action(
    act(async (context: Context, key: string) => {
      const answer = await context.client().getEscrow(key, { signal: context.signal });
      printAnswer(context, answer, viewEscrow);
      return 'ok';
    }),
  );
  addSessions(noun, act);
  addCustodianVerbs(noun, act);
  addEnds(noun, act);
}
