// SPDX-License-Identifier: Apache-2.0
// `keyturn key destroy`: asks others to destroy a replaced version for ever, shows how far that is, stops it, prints its
// certificate. What asks for it wants the name of the key typed.
import type { Command } from 'commander';
import type { ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { readListing } from '../hsm-listing.ts';
import { startAct } from '../start-act.ts';
import type { WorkOptions } from '../start-operation.ts';
import { renderFields } from '../table.ts';

type Destruction = ResponseOf<'getDestruction'>;

interface DestroyFlags extends WorkOptions {
  readonly keyVersion: string;
  readonly confirm?: string;
  readonly reason?: string;
  readonly acceptLoss?: boolean;
  readonly status?: boolean;
  readonly cancel?: boolean;
  readonly certificate?: boolean;
  readonly hsmListing?: string;
  readonly cluster?: string;
}

function viewDestruction(one: Destruction, width: number | undefined): string {
  return renderFields(
    [
      ['id', one.id],
      ['key', `${one.key} v${one.versions.join(', v')}`],
      ['phase', one.phase],
      ['KMS key', one.keyArn],
      ['approved by', one.approvalId],
      ['why', one.reason],
      ['loss accepted', one.lossAccepted.join(', ')],
      ['disabled, watched until', one.quietUntil],
      ['KMS deletes it at', one.deletionAt],
      ['uses tried', String(one.uses)],
      ['last use', one.lastUseAt],
      ['stopped', one.stopped && `${one.stopped.at} by ${one.stopped.by}: ${one.stopped.reason}`],
      ['gone from KMS', one.logicalAt],
      ['came back', one.resurrected && `${one.resurrected.at}, by ${one.resurrected.recovery}`],
      ['gone from the HSM', one.materialAt],
      ['gone from backups', one.finalAt ?? (one.backupsUntil && `expected ${one.backupsUntil}`)],
      ['certificate', one.certificate === null ? null : 'signed; --certificate prints it'],
    ],
    width,
  );
}

function versionOf(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is no version`, 'such as: --key-version 3');
}

async function certificate(context: Context, target: { key: string; version: number }) {
  const answer = await context.client().getDestruction(target, { signal: context.signal });
  const { body } = answer;
  if (body.certificate === null)
    throw new UsageError(`nothing is certified yet: it is ${body.phase}`, 'try again later');
  printAnswer(context, answer, ({ certificate: jws }) => jws ?? '');
  return 'ok' as const;
}

async function reportListing(
  context: Context,
  target: { key: string; version: number },
  { hsmListing = '', cluster }: DestroyFlags,
): Promise<Outcome> {
  if (cluster === undefined)
    throw new UsageError('--hsm-listing needs --cluster', 'such as: --cluster cluster-abcdefghijk');
  const { signal } = context;
  const { body: found } = await context.client().getDestruction(target, { signal });
  const listing = readListing(hsmListing, [found.keyArn ?? '']);
  await announceChange(
    context,
    `report that ${cluster} lists nothing of ${target.key} v${target.version}`,
  );
  const body = { clusterId: cluster, ...listing };
  printAnswer(
    context,
    await context.client().reportMaterial(target, body, { signal }),
    viewDestruction,
  );
  return 'ok';
}

async function destroy(context: Context, key: string, flags: DestroyFlags): Promise<Outcome> {
  const target = { key, version: versionOf(flags.keyVersion) };
  const { signal } = context;
  if (flags.status) {
    printAnswer(
      context,
      await context.client().getDestruction(target, { signal }),
      viewDestruction,
    );
    return 'ok';
  }
  if (flags.certificate) return certificate(context, target);
  if (flags.hsmListing !== undefined) return reportListing(context, target, flags);
  if (flags.cancel) {
    await announceChange(context, `stop the destruction of ${key} v${target.version}`);
    const body = flags.reason === undefined ? {} : { reason: flags.reason };
    printAnswer(
      context,
      await context.client().stopDestruction(target, body, { signal }),
      viewDestruction,
    );
    return 'ok';
  }
  return ask(context, target, flags);
}

async function ask(
  context: Context,
  { key, version }: { key: string; version: number },
  flags: DestroyFlags,
): Promise<Outcome> {
  const { reason, acceptLoss = false } = flags;
  if (reason === undefined)
    throw new UsageError('--reason is needed', 'it is shown to who decides');
  if (flags.confirm !== key)
    throw new UsageError(
      `type the name of the key: --confirm ${key}`,
      'what is destroyed never comes back',
    );
  return startAct(context, flags, {
    what: `ask to destroy ${key} v${version} for ever`,
    start: (started) =>
      context
        .client()
        .requestDestruction(key, { version, confirm: key, acceptLoss, reason }, started),
  });
}

/** Adds the verb to `key`. */
export function addDestroy(key: Command, act: Act): void {
  const verb = addVerb(key, 'destroy <name>', {
    summary: 'Ask others to destroy a replaced version for ever (exit code 8); or stop that',
    examples: [
      'keyturn key destroy orders --key-version 1 --confirm orders --reason "all under v2 since March"',
      'keyturn key destroy orders --key-version 1 --cancel --reason "the archive reads it"',
    ],
  })
    .requiredOption('--key-version <number>', 'the version')
    .option('--confirm <name>', 'the name of the key once more')
    .option('--reason <text>', 'why, for those who decide and for the audit record')
    .option('--accept-loss', 'ask them to accept that ciphertexts become unreadable')
    .option('--status', 'show how far it is; changes nothing')
    .option('--cancel', 'stop it, until KMS has deleted the key')
    .option('--certificate', 'print the signed certificate')
    .option(
      '--hsm-listing <file>',
      "the labels of the cluster's objects, one a line: reports it gone",
    )
    .option('--cluster <id>', 'the cluster that was listed');
  withIdempotencyKey(verb).action(act(destroy));
}
