// SPDX-License-Identifier: Apache-2.0
// `keyturn signer …`: passkeys that votes are signed with. SSH keys are in the directory, not here.
import type { Command } from 'commander';
import type { ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { type PageFlags, printList } from '../list.ts';
import { requireEndpoint } from '../settings.ts';
import { renderFields, renderTable } from '../table.ts';

type Signer = ResponseOf<'removeSigner'>;
const ID = 'pky_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';

const stateOf = ({ isActive, removedBy }: Signer) =>
  isActive ? 'active' : `removed by ${removedBy}`;

function viewSigners(signers: readonly Signer[], width: number | undefined): string {
  const titles = ['id', 'who', 'label', 'state', 'enrolled at', 'last used at'];
  const rows = signers.map((one) => [
    one.id,
    one.name,
    one.label,
    stateOf(one),
    one.enrolledAt,
    one.lastUsedAt,
  ]);
  return renderTable(titles, rows, width);
}

function viewSigner(one: Signer, width: number | undefined): string {
  return renderFields(
    [
      ['id', one.id],
      ['who', one.name],
      ['label', one.label],
      ['state', stateOf(one)],
      ['domain', one.rpId],
      ['approved by', one.approvalId],
      ['enrolled at', one.enrolledAt],
      ['last used at', one.lastUsedAt],
      ['removed at', one.removedAt],
    ],
    width,
  );
}

function addList(noun: Command, act: Act): void {
  addVerb(noun, 'list', {
    summary: 'Passkeys with their public keys, and those that were removed',
    examples: ['keyturn signer list', 'keyturn signer list --output json > passkeys.json'],
  }).action(
    act(async (context: Context, flags: PageFlags) => {
      const read = (page: object) => context.client().listSigners(page);
      await printList(context, flags, read, viewSigners);
      return 'ok';
    }),
  );
}

function addRemove(noun: Command, act: Act): void {
  addVerb(noun, 'remove <id>', {
    summary: 'Take a passkey away; your own, or as operator or custodian those of others',
    examples: [
      `keyturn signer remove ${ID} --user carol`,
      `keyturn signer remove ${ID} --user bob --output json`,
    ],
  }).action(
    act(async (context: Context, id: string) => {
      await announceChange(context, `remove passkey ${id}`);
      const answer = await context.client().removeSigner(id, { signal: context.signal });
      printAnswer(context, answer, viewSigner);
      return 'ok';
    }),
  );
}

const originOf = (url: string) => (URL.canParse(url) ? new URL(url).origin : url);

function addEnroll(noun: Command, act: Act): void {
  addVerb(noun, 'enroll', {
    summary:
      'Print a one-time link to the page on which you make a passkey; two others decide then',
    examples: ['keyturn signer enroll --user carol', 'keyturn signer enroll --output json'],
  }).action(
    act(async (context: Context) => {
      await announceChange(context, 'make a link to register a passkey');
      const answer = await context.client().createSignerLink({ signal: context.signal });
      const { origins, expiresAt } = answer.body;
      const base = requireEndpoint(context.settings);
      if (!origins.includes(originOf(base)))
        context.report.notice(
          `keyturn: the page works on ${origins.join(', ')} alone, and this endpoint is elsewhere; use --endpoint-url with one of them`,
          { notice: 'endpoint is no origin of passkeys', origins },
        );
      context.report.notice(
        `keyturn: open it in your browser before ${expiresAt}; it is for you alone`,
        { notice: 'open the link', expiresAt },
      );
      printAnswer(context, answer, ({ path }) => `${base}${path}`);
      return 'ok';
    }),
  );
}

/** Adds `signer` and its verbs. */
export function addSignerCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'signer', {
    summary: 'Passkeys that votes are signed with: enroll, list, remove',
    examples: ['keyturn signer enroll --user carol', `keyturn signer remove ${ID} --user carol`],
  });
  addEnroll(noun, act);
  addList(noun, act);
  addRemove(noun, act);
}
