// SPDX-License-Identifier: Apache-2.0
// `keyturn key …`: everything one does with a key itself.
import type { Command } from 'commander';
import type { RequestOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { printList } from '../list.ts';
import { startOperation, type WorkOptions } from '../start-operation.ts';
import { viewKey, viewKeys } from '../views.ts';
import { resumeCommand, watchOperation } from '../watch-operation.ts';
import { type AccessEntry, parseAccess } from './access.ts';
import { addAdopt } from './adopt.ts';
import { addAssign, changeKey } from './assign.ts';
import { addContainment } from './contain.ts';
import { addDestroy } from './destroy.ts';
import { addHistory } from './history.ts';
import { addPlan, printPlan } from './plan.ts';
import { addRelease } from './release.ts';
import { addRetire } from './retire.ts';
import { addUsage } from './usage.ts';

interface CreateOptions extends WorkOptions {
  readonly class: string;
  readonly owner: string;
  readonly purpose: string;
  readonly environment: string;
  readonly access: readonly AccessEntry[];
  readonly tier?: string;
  readonly origin?: string;
  readonly keySpec?: string;
  readonly parent?: string;
  readonly escrow?: string;
  readonly application?: string;
  readonly host?: string;
}

/** An instant with its zone, or `now`, as RFC 3339 UTC. */
export function parseInstant(text: string, nowMs: number): string {
  if (text === 'now') return new Date(nowMs).toISOString();
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i.test(
    text,
  );
  const instant = new Date(text);
  if (!isInstant || Number.isNaN(instant.getTime()))
    throw new UsageError(
      `--at "${text}" is not an instant`,
      'give it as 2026-12-01T09:00:00Z, or say: --at now',
    );
  return instant.toISOString();
}

function addList(key: Command, act: Act): void {
  addVerb(key, 'list', {
    summary: 'List keys by name',
    examples: ['keyturn key list', 'keyturn key list --output jsonl | jq -r .name'],
  })
    .option('--limit <count>', 'keys per page of --output json')
    .option('--cursor <cursor>', 'page of --output json to go on with')
    .action(
      act(async (context: Context, options: { limit?: string; cursor?: string }) => {
        await printList(context, options, (page) => context.client().listKeys(page), viewKeys);
        return 'ok';
      }),
    );
}

function addShow(key: Command, act: Act): void {
  addVerb(key, 'show <name>', {
    summary: 'Show one key',
    examples: ['keyturn key show orders', 'keyturn key show orders --output json | jq .state'],
  }).action(
    act(async (context: Context, name: string) => {
      const answer = await context.client().getKey(name, { signal: context.signal });
      printAnswer(context, answer, viewKey);
      return 'ok';
    }),
  );
}

/** `2:bob,carol,dan`. @throws UsageError */
function parseEscrow(text: string): NonNullable<RequestOf<'createKey'>['escrow']> {
  const [, required, names] = /^(\d{1,3}):(\S+)$/.exec(text) ?? [];
  if (required !== undefined && names !== undefined)
    return { required: Number(required), custodians: names.split(',') };
  throw new UsageError(`--escrow ${text} is no quorum of people`, 'such as 2:bob,carol,dan');
}

function toCreateRequest(name: string, options: CreateOptions): RequestOf<'createKey'> {
  const { owner, purpose, environment, access, application, host } = options;
  // The API judges the values: it alone knows the classes and what its stage serves.
  return {
    name,
    class: options.class,
    owner,
    purpose,
    environment: environment as RequestOf<'createKey'>['environment'],
    access: [...access],
    ...(application !== undefined && { application }),
    ...(host !== undefined && { host }),
    ...(options.origin !== undefined && {
      origin: options.origin as NonNullable<RequestOf<'createKey'>['origin']>,
    }),
    ...(options.keySpec !== undefined && {
      keySpec: options.keySpec as NonNullable<RequestOf<'createKey'>['keySpec']>,
    }),
    ...(options.tier !== undefined && { tier: options.tier as RequestOf<'createKey'>['tier'] }),
    ...(options.parent !== undefined && { parent: options.parent }),
    ...(options.escrow !== undefined && { escrow: parseEscrow(options.escrow) }),
  };
}

function addCreate(key: Command, act: Act): void {
  const create = addVerb(key, 'create <name>', {
    summary: 'Generate a key in the key store of the stage',
    examples: [
      'keyturn key create orders --class internal-data --owner payments --purpose "order data" --environment development --wait',
      'keyturn key create orders --class test --owner olga --purpose demo --environment development --access arn:aws:iam::000000000000:role/orders-api=encrypt,decrypt',
    ],
  })
    .requiredOption('--class <class>', 'policy bundle: payment-critical, internal-data, test')
    .requiredOption('--owner <owner>', 'accountable person or team')
    .requiredOption('--purpose <text>', 'what the key protects')
    .requiredOption('--environment <environment>', 'environment the key serves')
    .option('--tier <tier>', 'kms: a KMS key for each version; data: wrapped data keys')
    .option(
      '--origin <origin>',
      'of tier kms: AWS_CLOUDHSM (default), AWS_KMS or EXTERNAL; docs/origins.md',
    )
    .option('--key-spec <spec>', 'of origin AWS_KMS: such as ECC_NIST_P256 or HMAC_256')
    .option(
      '--escrow <n:names>',
      'of origin EXTERNAL: shares that rebuild its material, and who holds one; docs/escrow.md',
    )
    .option('--parent <key>', 'of tier data: the key that wraps it; default: what its class names')
    .option('--access <role=rights>', 'role that may use the key; repeatable', parseAccess, [])
    .option('--application <name>', 'application that uses the key')
    .option('--host <name>', 'host on which the key is used');
  withIdempotencyKey(create).action(
    act((context: Context, name: string, options: CreateOptions) =>
      startOperation(context, options, {
        what: `create key ${name}`,
        start: (started) => context.client().createKey(toCreateRequest(name, options), started),
        watch: (id) => watchOperation(context, id),
        resume: (id) => resumeCommand(context, id),
      }),
    ),
  );
}

interface RotateOptions extends WorkOptions {
  readonly reason?: string;
  readonly plan?: true;
  readonly planDigest?: string;
}

function rotate(context: Context, name: string, options: RotateOptions) {
  const { reason, planDigest } = options;
  const body = {
    ...(reason !== undefined && { reason }),
    ...(planDigest !== undefined && { planDigest }),
  };
  return startOperation(context, options, {
    what: `rotate key ${name}`,
    start: (started) => context.client().startRotation(name, body, started),
    watch: (id) => watchOperation(context, id),
    resume: (id) => resumeCommand(context, id),
  });
}

function addRotate(key: Command, act: Act): void {
  const verb = addVerb(key, 'rotate <name>', {
    summary: 'Rotate a key now',
    examples: [
      'keyturn key rotate orders --wait',
      'keyturn key rotate orders --reason "key custodian left"',
    ],
  })
    .option('--reason <text>', 'why, for the audit record')
    .option('--plan', 'show what it would touch instead; changes nothing')
    .option('--plan-digest <digest>', 'refuse when something of that plan has changed');
  withIdempotencyKey(verb).action(
    act((context: Context, name: string, options: RotateOptions) =>
      options.plan ? printPlan(context, name) : rotate(context, name, options),
    ),
  );
}

function addDue(key: Command, act: Act): void {
  addVerb(key, 'due <name>', {
    summary: 'Set when a key is due for rotation',
    examples: [
      'keyturn key due orders --at now',
      'keyturn key due orders --at 2026-12-01T09:00:00Z',
    ],
  })
    .requiredOption('--at <instant>', 'RFC 3339 instant, or now')
    .action(
      act(async (context: Context, name: string, options: { at: string }) => {
        const nextRotationAt = parseInstant(options.at, context.host.now());
        await announceChange(context, `set the next rotation of key ${name} to ${nextRotationAt}`);
        await changeKey(context, name, { nextRotationAt });
        return 'ok';
      }),
    );
}

/** Adds `key` and its verbs. */
export function addKeyCommands(program: Command, act: Act): void {
  const key = addNoun(program, 'key', {
    summary: 'Keys: list, show, create, plan, rotate, set due, history',
    examples: ['keyturn key list', 'keyturn key rotate orders --wait'],
  });
  addList(key, act);
  addShow(key, act);
  addCreate(key, act);
  addPlan(key, act);
  addAdopt(key, act);
  addRotate(key, act);
  addDue(key, act);
  addAssign(key, act);
  addHistory(key, act);
  addRetire(key, act);
  addRelease(key, act);
  addDestroy(key, act);
  addContainment(key, act);
  addUsage(key, act);
}
