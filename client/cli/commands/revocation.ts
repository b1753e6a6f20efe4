// SPDX-License-Identifier: Apache-2.0
// `keyturn revocation list`: the published list of stopped keys, shown only if its signature and its time hold.
import type { Command } from 'commander';
import { readStatusList } from '../../sdk/status-list.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, print, printAnswer, widthOf } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { renderTable } from '../table.ts';

async function list(context: Context): Promise<Outcome> {
  const client = context.client();
  const { signal } = context;
  const answer = await client.getStatusList({ signal });
  const { keys } = (await client.getNoticeKeys({ signal })).body;
  const read = readStatusList(answer.body, keys, context.host.now());
  if (typeof read === 'string') {
    context.report.notice(`✗ the list does not hold: ${read}`, { verified: false, why: read });
    return 'integrity';
  }
  if (context.settings.flags.output === 'table') {
    const rows = read.entries.map(({ key, version, state, since, reason }) => [
      key,
      version === null ? 'all' : String(version),
      state,
      since,
      reason,
    ]);
    print(
      context,
      renderTable(['key', 'version', 'state', 'since', 'reason'], rows, widthOf(context)),
    );
  } else printAnswer(context, answer, () => '');
  return 'ok';
}

/** Adds the noun `revocation`. */
export function addRevocationCommands(program: Command, act: Act): void {
  const about = {
    summary: 'What is revoked and suspended, as published',
    examples: ['keyturn revocation list', 'keyturn revocation list --output json'],
  } as const;
  const noun = addNoun(program, 'revocation', about);
  addVerb(noun, 'list', {
    summary: 'Show the signed status list if its signature holds; exit code 9 if not',
    examples: about.examples,
  }).action(act(list));
}
