// SPDX-License-Identifier: Apache-2.0
// `keyturn escrow contribute` and `prove`: what a custodian does with their own age key, on their own machine.
import type { Command } from 'commander';
import type { ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import {
  callBackCode,
  holdingProof,
  openShare,
  type SealedShare,
  sealTo,
} from '../escrow-shares.ts';
import { viewSession, viewSet } from '../escrow-views.ts';
import { UsageError } from '../failures.ts';

type Session = ResponseOf<'contributeShare'>;

interface ContributeOptions {
  readonly identity: string;
  readonly code: string;
  readonly session?: string;
}

async function openSession(context: Context, key: string, id?: string): Promise<Session> {
  const { body } = await context.client().getEscrow(key, { signal: context.signal });
  const found = body.sessions.find((one) => one.state === 'open' && (id ?? one.id) === one.id);
  if (found) return found;
  throw new UsageError(
    `no session of ${key} is open${id === undefined ? '' : ` with id ${id}`}`,
    `"keyturn escrow status ${key}" shows what it waits for`,
  );
}

async function shareFor(
  context: Context,
  key: string,
  wanted: (share: SealedShare) => boolean,
): Promise<SealedShare> {
  const { body } = await context.client().listShares(key, { signal: context.signal });
  const found = body.items.filter(wanted).at(-1);
  if (found) return found;
  throw new UsageError(`you hold no such share of ${key}`, `see "keyturn escrow status ${key}"`);
}

/** Without the dashes and in lower case: it was read out. */
const heard = (code: string) => code.toLowerCase().replace(/[^0-9a-f]/g, '');

async function contribute(context: Context, key: string, options: ContributeOptions) {
  const session = await openSession(context, key, options.session);
  if (heard(options.code) !== heard(callBackCode(session)))
    throw new UsageError(
      'the call-back code is not that of this session; nothing was opened',
      'call whoever asked for the session on a number that you know, and compare the codes',
    );
  await announceChange(context, `hand in your share of key ${key} for ${session.purpose}`);
  const share = await shareFor(
    context,
    key,
    ({ setId, generation }) => setId === session.setId && generation === session.generation,
  );
  const open = await openShare(share, options.identity);
  try {
    const sealed = await sealTo(open, session.recipient);
    const target = { key, session: session.id };
    const { signal } = context;
    const answer = await context.client().contributeShare(target, { sealed }, { signal });
    printAnswer(context, answer, viewSession);
  } finally {
    open.fill(0);
  }
  return 'ok' as const;
}

async function prove(context: Context, key: string, { identity }: { readonly identity: string }) {
  await announceChange(context, `prove that you hold your share of key ${key}`);
  const share = await shareFor(context, key, () => true);
  const open = await openShare(share, identity);
  try {
    const { version, generation } = share;
    const body = { version, generation, proof: holdingProof(open) };
    const answer = await context.client().proveShare(key, body, { signal: context.signal });
    printAnswer(context, answer, viewSet);
  } finally {
    open.fill(0);
  }
  return 'ok' as const;
}

/** Adds the verbs of custodians. */
export function addCustodianVerbs(noun: Command, act: Act): void {
  addVerb(noun, 'contribute <key>', {
    summary: 'Open your share with your own age key and hand it in, sealed to the open session',
    examples: [
      'keyturn escrow contribute orders --identity ~/age.txt --code 6f1d-3c9a-52be',
      'keyturn escrow contribute orders --identity age.txt --code 6f1d3c9a52be --session ers_01KAN6V6Q0T3D9M4XW8ZC2RBEY',
    ],
  })
    .requiredOption('--identity <file>', 'your age identity, as age-keygen wrote it')
    .requiredOption('--code <code>', 'call-back code that the requester read to you')
    .option('--session <id>', 'session (default: the open one)')
    .action(act(contribute));
  addVerb(noun, 'prove <key>', {
    summary: 'Prove that you can open your newest share; enough proofs put a re-share into force',
    examples: [
      'keyturn escrow prove orders --identity ~/age.txt',
      'keyturn escrow prove orders --identity age.txt --output json',
    ],
  })
    .requiredOption('--identity <file>', 'your age identity, as age-keygen wrote it')
    .action(act(prove));
}
