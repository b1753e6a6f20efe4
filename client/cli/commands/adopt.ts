// SPDX-License-Identifier: Apache-2.0
// `keyturn key adopt`: reports on a KMS key that Keyturn did not make; with `--apply` takes it over.
import type { Command } from 'commander';
import type { Client } from '../../sdk/index.ts';
import { type Act, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { UsageError } from '../failures.ts';
import { viewAdoption } from '../plan-views.ts';
import { startOperation, type WorkOptions } from '../start-operation.ts';
import { resumeCommand, watchOperation } from '../watch-operation.ts';
import { type AccessEntry, parseAccess } from './access.ts';

type AdoptRequest = Parameters<Client['adoptKey']>[0];

interface AdoptOptions extends WorkOptions {
  readonly apply?: true;
  readonly name?: string;
  readonly class?: string;
  readonly owner?: string;
  readonly purpose?: string;
  readonly environment?: string;
  readonly application?: string;
  readonly host?: string;
  readonly origin?: string;
  readonly access: readonly AccessEntry[];
  readonly moveAlias: readonly string[];
  readonly accept: readonly string[];
}

const REQUIRED = ['name', 'class', 'owner', 'purpose', 'environment'] as const;

/** @throws UsageError naming the options that are missing */
function toAdoptRequest(kmsKey: string, options: AdoptOptions): AdoptRequest {
  const { access, moveAlias, accept, application, host } = options;
  const missing = REQUIRED.filter((name) => options[name] === undefined);
  if (missing.length > 0)
    throw new UsageError(
      `--apply needs ${missing.map((name) => `--${name}`).join(', ')}`,
      'what the key is and who is accountable for it; without --apply the command only reports',
    );
  const said = (name: (typeof REQUIRED)[number]) => options[name] ?? '';
  return {
    kmsKey,
    name: said('name'),
    class: said('class'),
    owner: said('owner'),
    purpose: said('purpose'),
    // The API judges the values: it alone knows what its stage serves.
    environment: said('environment') as AdoptRequest['environment'],
    ...(options.origin !== undefined && {
      origin: options.origin as NonNullable<AdoptRequest['origin']>,
    }),
    ...(access.length > 0 && { access: [...access] }),
    ...(application !== undefined && { application }),
    ...(host !== undefined && { host }),
    aliases: [...moveAlias],
    accept: [...accept],
  };
}

async function adopt(context: Context, kmsKey: string, options: AdoptOptions): Promise<Outcome> {
  if (!options.apply) {
    const { signal } = context;
    const answer = await context.client().createAdoption({ kmsKey, mode: 'report' }, { signal });
    printAnswer(context, answer, viewAdoption);
    return 'ok';
  }
  const body = toAdoptRequest(kmsKey, options);
  return startOperation(context, options, {
    what: `adopt KMS key ${kmsKey} as ${body.name}: its key policy is replaced`,
    start: (started) => context.client().adoptKey(body, started),
    watch: (id) => watchOperation(context, id),
    resume: (id) => resumeCommand(context, id),
  });
}

const collect = (value: string, before: readonly string[]) => [...before, value];

/** Adds the verb to `key`. */
export function addAdopt(key: Command, act: Act): void {
  const verb = addVerb(key, 'adopt <kms-key>', {
    summary: 'Report on a KMS key that Keyturn did not make; with --apply take it over',
    examples: [
      'keyturn key adopt alias/legacy-orders',
      'keyturn key adopt alias/legacy-orders --apply --name orders --class internal-data --owner payments --purpose "order data" --environment development --move-alias alias/legacy-orders --accept delegated --wait',
    ],
  })
    .option('--apply', 'take the key over; without it nothing is changed')
    .option('--name <name>', 'name of the key from then on')
    .option('--class <class>', 'policy bundle: payment-critical, internal-data, test')
    .option('--owner <owner>', 'accountable person or team')
    .option('--purpose <text>', 'what the key protects')
    .option('--environment <environment>', 'environment the key serves')
    .option('--application <name>', 'application that uses the key')
    .option('--host <name>', 'host on which the key is used')
    .option(
      '--origin <origin>',
      'of its next versions: AWS_CLOUDHSM (default), or the one that it has; docs/origins.md',
    )
    .option(
      '--access <role=rights>',
      'role that may use the key; repeatable; default: the roles that its policy names',
      parseAccess,
      [],
    )
    .option(
      '--move-alias <alias>',
      'alias of the key that its rotations move; repeatable',
      collect,
      [],
    )
    .option('--accept <loss>', 'what may be lost, as the report names it; repeatable', collect, []);
  withIdempotencyKey(verb).action(act(adopt));
}
