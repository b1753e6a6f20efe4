// SPDX-License-Identifier: Apache-2.0
// `keyturn key release`: leaves the KMS keys of a key usable without Keyturn, and says what its owner does from then on.
import type { Command } from 'commander';
import { type Act, addVerb, withIdempotencyKey } from '../command-tree.ts';
import type { Context } from '../context.ts';
import { startAct } from '../start-act.ts';
import type { WorkOptions } from '../start-operation.ts';

const DUTIES =
  'from then on its owner rotates it, watches its use, keeps its old versions readable and destroys them; ' +
  'the key policy leaves it to IAM of the account and names the roles that used it; aliases stay';

async function release(
  context: Context,
  name: string,
  options: WorkOptions & { readonly reason?: string },
) {
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const outcome = await startAct(context, options, {
    what: `release key ${name} for good`,
    start: (started) => context.client().releaseKey(name, body, started),
  });
  context.report.notice(`keyturn: ${DUTIES}`, { notice: 'what the owner does', duties: DUTIES });
  return outcome;
}

/** Adds the verb to `key`. */
export function addRelease(key: Command, act: Act): void {
  const verb = addVerb(key, 'release <name>', {
    summary: 'Let a key go for good; with consumers it needs approvals (exit code 8)',
    examples: [
      'keyturn key release orders --wait',
      'keyturn key release orders --reason "the team runs its keys itself"',
    ],
  }).option('--reason <text>', 'why, for the audit record');
  withIdempotencyKey(verb).action(act(release));
}
