// SPDX-License-Identifier: Apache-2.0
// `keyturn consumer …`: who uses a key, and on which version they are.
import type { Command } from 'commander';
import { ACKNOWLEDGEMENT_MODES, CONSUMER_KINDS } from '#core/contract/vocabulary.ts';
import { ProblemError, type RequestOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { viewConsumer, viewConsumers } from '../consumer-views.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { printList } from '../list.ts';
import { startOperation, type WorkOptions } from '../start-operation.ts';
import { resumeCommand, watchOperation } from '../watch-operation.ts';
import { parseAccess } from './access.ts';

type Registration = RequestOf<'putConsumer'>;

interface AddOptions extends WorkOptions {
  readonly owner: string;
  readonly contact: string;
  readonly access: string;
  readonly kind: string;
  readonly ack: string;
  readonly boundTo?: string;
  readonly moved?: true;
}

interface PurgedOptions {
  readonly operation?: string;
}

/** Reads `api`, `event`, `wait:SECONDS`, `webhook:URL`. */
export function parseAcknowledgement(text: string): Registration['acknowledgement'] {
  const split = text.indexOf(':');
  const [mode, value] = split < 0 ? [text, ''] : [text.slice(0, split), text.slice(split + 1)];
  if (mode === 'wait' && /^\d{1,6}$/.test(value)) return { mode, waitSeconds: Number(value) };
  if (mode === 'webhook' && value !== '') return { mode, url: value };
  if ((mode === 'api' || mode === 'event') && split < 0) return { mode };
  throw new UsageError(
    `--ack "${text}" is no way to acknowledge`,
    `give one of: api, event, wait:SECONDS, webhook:URL (${ACKNOWLEDGEMENT_MODES.join(', ')})`,
  );
}

function toRegistration(options: AddOptions): Registration {
  const [access] = parseAccess(options.access);
  const kind = CONSUMER_KINDS.find((known) => known === options.kind);
  if (!access || !kind)
    throw new UsageError(
      `--kind "${options.kind}" is not known`,
      `give one of: ${CONSUMER_KINDS.join(', ')}`,
    );
  return {
    owner: options.owner,
    contact: options.contact,
    principal: access.principal,
    rights: access.rights,
    kind,
    acknowledgement: parseAcknowledgement(options.ack),
    ...(options.boundTo === undefined ? {} : { boundKeyArn: options.boundTo }),
    moved: options.moved === true,
  };
}

/** The ETag of a consumer as it is now; undefined for one that is not registered. */
async function currentETag(context: Context, key: string, consumer: string) {
  if (context.settings.flags.printCurl) return '$ETAG';
  try {
    const { etag, body } = await context
      .client()
      .getConsumer({ key, consumer }, { signal: context.signal });
    return etag ?? `"${body.revision}"`;
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'ConsumerNotFound') return undefined;
    throw error;
  }
}

function addAdd(noun: Command, act: Act): void {
  const add = addVerb(noun, 'add <key> <consumer>', {
    summary: 'Register a consumer, which opens the key to its role, or change one',
    examples: [
      'keyturn consumer add orders billing --owner payments --contact payments-oncall --access arn:aws:iam::444455556666:role/billing=decrypt --wait',
      'keyturn consumer add orders volumes --owner payments --contact storage --access arn:aws:iam::111122223333:role/volumes=encrypt,decrypt --kind aws-service --ack wait:0 --moved',
    ],
  })
    .requiredOption('--owner <owner>', 'accountable person or team')
    .requiredOption('--contact <text>', 'where its people can be reached')
    .requiredOption('--access <role=rights>', 'role with its rights, ROLE_ARN=encrypt,decrypt')
    .option('--kind <kind>', CONSUMER_KINDS.join(', '), 'api')
    .option('--ack <how>', 'api, event, wait:SECONDS or webhook:URL', 'api')
    .option('--bound-to <arn>', 'version that an aws-service holds on to')
    .option('--moved', 'an aws-service holds on to the current version now');
  withIdempotencyKey(add).action(
    act(async (context: Context, key: string, consumer: string, options: AddOptions) => {
      const body = toRegistration(options);
      const ifMatch = await currentETag(context, key, consumer);
      return startOperation(context, options, {
        what: `register consumer ${consumer} of key ${key}`,
        start: (started) =>
          context
            .client()
            .putConsumer({ key, consumer }, body, { ...started, ...(ifMatch && { ifMatch }) }),
        watch: (id) => watchOperation(context, id),
        resume: (id) => resumeCommand(context, id),
      });
    }),
  );
}

function addList(noun: Command, act: Act): void {
  addVerb(noun, 'list <key>', {
    summary: 'List the consumers of a key: who is on which version, last seen, lagging',
    examples: [
      'keyturn consumer list orders',
      'keyturn consumer list orders --output jsonl | jq -r "select(.isLagging) | .name"',
    ],
  }).action(
    act(async (context: Context, key: string) => {
      const read = () => context.client().listConsumers(key, { signal: context.signal });
      await printList(context, {}, read, viewConsumers);
      return 'ok';
    }),
  );
}

function addShow(noun: Command, act: Act): void {
  addVerb(noun, 'show <key> <consumer>', {
    summary: 'Show one consumer with its last notice',
    examples: [
      'keyturn consumer show orders billing',
      'keyturn consumer show orders billing --output json | jq .acknowledgedVersion',
    ],
  }).action(
    act(async (context: Context, key: string, consumer: string) => {
      const { signal } = context;
      const answer = await context.client().getConsumer({ key, consumer }, { signal });
      printAnswer(context, answer, viewConsumer);
      return 'ok';
    }),
  );
}

function addRemove(noun: Command, act: Act): void {
  const remove = addVerb(noun, 'remove <key> <consumer>', {
    summary: 'Remove a consumer, which closes the key to its role',
    examples: [
      'keyturn consumer remove orders billing --wait',
      'keyturn consumer remove orders billing --output json',
    ],
  });
  withIdempotencyKey(remove).action(
    act(async (context: Context, key: string, consumer: string, options: WorkOptions) => {
      // Of one that is not there the API says so.
      const ifMatch = (await currentETag(context, key, consumer)) ?? '"0"';
      return startOperation(context, options, {
        what: `remove consumer ${consumer} of key ${key}`,
        start: (started) =>
          context.client().deleteConsumer({ key, consumer }, { ...started, ifMatch }),
        watch: (id) => watchOperation(context, id),
        resume: (id) => resumeCommand(context, id),
      });
    }),
  );
}

/** The containment that holds; of a key that is not stopped the API says so. */
async function heldStop(context: Context, key: string, consumer: string): Promise<string> {
  if (context.settings.flags.printCurl) return '$OPERATION_ID';
  const { signal } = context;
  const { body } = await context.client().getConsumer({ key, consumer }, { signal });
  return body.stop?.operationId ?? 'none';
}

function addPurged(noun: Command, act: Act): void {
  addVerb(noun, 'purged <key> <consumer>', {
    summary: 'Record that the caches of a consumer hold nothing of a stopped key any more',
    examples: [
      'keyturn consumer purged orders billing',
      'keyturn consumer purged orders billing --operation op_01JX3GZ8D9T0R5K2M7Q4V6W8YB --output json',
    ],
  })
    .option('--operation <id>', 'the revocation or suspension; by default the one that holds')
    .action(
      act(async (context: Context, key: string, consumer: string, options: PurgedOptions) => {
        const operationId = options.operation ?? (await heldStop(context, key, consumer));
        await announceChange(context, `record that ${consumer} of key ${key} emptied its caches`);
        const { signal } = context;
        const answer = await context
          .client()
          .acknowledgePurge({ key, consumer }, { operationId }, { signal });
        printAnswer(context, answer, viewConsumer);
        return 'ok';
      }),
    );
}

/** Adds `consumer` and its verbs. */
export function addConsumerCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'consumer', {
    summary: 'Consumers of a key: add, list, show, remove, purged',
    examples: ['keyturn consumer list orders', 'keyturn consumer show orders billing'],
  });
  addAdd(noun, act);
  addList(noun, act);
  addShow(noun, act);
  addRemove(noun, act);
  addPurged(noun, act);
}
