// SPDX-License-Identifier: Apache-2.0
// `keyturn key-store …`: the CloudHSM key store of a stage, and the steps only an HSM administrator can do.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { everyItem } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, print, printAnswer, widthOf } from '../context.ts';
import { UsageError } from '../failures.ts';
import { readListing } from '../hsm-listing.ts';
import { startOperation, type WorkOptions } from '../start-operation.ts';
import { viewKeyStore, viewTask, viewTasks } from '../views.ts';
import { watchKeyStore } from '../watch-key-store.ts';
import { commandLine } from '../watch-operation.ts';
import { addCapacity } from './plan.ts';

interface CompleteOptions {
  readonly signedCertificate?: string;
  readonly trustAnchor?: string;
  readonly hsmListing?: string;
}

/** The listing, judged by what the task asks to be deleted. */
async function listingFor(context: Context, keyStore: string, id: string, path: string) {
  const { client, signal } = context;
  for await (const task of everyItem((page) => client().listTasks(keyStore, page), { signal }))
    if (task.id === id) return { listing: readListing(path, task.objects) };
  throw new UsageError(`${keyStore} has no task ${id}`, `keyturn key-store tasks ${keyStore}`);
}

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${flag}: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'give the path of a PEM file',
    );
  }
}

function addProvision(store: Command, act: Act): void {
  const provision = addVerb(store, 'provision <name>', {
    summary: 'Provision the CloudHSM key store of the stage',
    examples: [
      'keyturn key-store provision keyturn-local --wait',
      'keyturn key-store provision keyturn-test --stage test',
    ],
  });
  withIdempotencyKey(provision).action(
    act((context: Context, name: string, options: WorkOptions) =>
      startOperation(context, options, {
        what: `provision key store ${name}`,
        start: (started) => context.client().createKeyStore({ name }, started),
        watch: (id) => watchKeyStore(context, name, id),
        resume: () => commandLine(context, ['key-store', 'show', name]),
      }),
    ),
  );
}

function addShow(store: Command, act: Act): void {
  addVerb(store, 'show <name>', {
    summary: 'Show one key store',
    examples: [
      'keyturn key-store show keyturn-local',
      'keyturn key-store show keyturn-local --output json',
    ],
  }).action(
    act(async (context: Context, name: string) => {
      const answer = await context.client().getKeyStore(name, { signal: context.signal });
      printAnswer(context, answer, viewKeyStore);
      return 'ok';
    }),
  );
}

function addTasks(store: Command, act: Act): void {
  addVerb(store, 'tasks <name>', {
    summary: 'List the HSM-admin tasks of a key store; open ones with their instructions',
    examples: [
      'keyturn key-store tasks keyturn-local',
      'keyturn key-store tasks keyturn-local --output jsonl | jq -r .certificateRequest > cluster.csr',
    ],
  }).action(
    act(async (context: Context, name: string) => {
      const { client, signal, settings } = context;
      if (settings.flags.output === 'json') {
        printAnswer(context, await client().listTasks(name, { signal }), () => '');
        return 'ok';
      }
      const tasks = [];
      for await (const task of everyItem((page) => client().listTasks(name, page), { signal }))
        tasks.push(task);
      if (settings.flags.output === 'jsonl') {
        for (const task of tasks) print(context, JSON.stringify(task));
        return 'ok';
      }
      const width = widthOf(context);
      print(context, viewTasks(tasks, width));
      for (const task of tasks.filter(({ state }) => state === 'open'))
        print(context, `\n${viewTask(task, width)}`);
      return 'ok';
    }),
  );
}

function addComplete(store: Command, act: Act): void {
  addVerb(store, 'complete <name> <task>', {
    summary: 'Report an HSM-admin task as done',
    examples: [
      'keyturn key-store complete keyturn-local sign-certificate-op_01KAN5V6Q0T3D9M4XW8ZC2RBEY --signed-certificate cluster.crt --trust-anchor customerCA.crt',
      'keyturn key-store complete keyturn-local activate-cluster-op_01KAN5V6Q0T3D9M4XW8ZC2RBEY',
    ],
  })
    .option('--signed-certificate <file>', 'PEM certificate made from the certificate request')
    .option('--trust-anchor <file>', 'PEM certificate of the CA that signed it')
    .option('--hsm-listing <file>', 'of delete-objects: the labels that are left, one a line')
    .action(
      act(async (context: Context, keyStore: string, task: string, options: CompleteOptions) => {
        const { signedCertificate, trustAnchor, hsmListing } = options;
        const body = {
          ...(signedCertificate !== undefined && {
            signedCertificate: readPem('--signed-certificate', signedCertificate),
          }),
          ...(trustAnchor !== undefined && { trustAnchor: readPem('--trust-anchor', trustAnchor) }),
          ...(hsmListing !== undefined && (await listingFor(context, keyStore, task, hsmListing))),
        };
        await announceChange(context, `complete task ${task} of key store ${keyStore}`);
        const { signal } = context;
        const answer = await context.client().completeTask({ keyStore, task }, body, { signal });
        printAnswer(context, answer, viewTask);
        return 'ok';
      }),
    );
}

/** Adds `key-store` and its verbs. */
export function addKeyStoreCommands(program: Command, act: Act): void {
  const store = addNoun(program, 'key-store', {
    summary: 'Key stores: provision, show, tasks, complete',
    examples: ['keyturn key-store show keyturn-local', 'keyturn key-store tasks keyturn-local'],
  });
  addProvision(store, act);
  addShow(store, act);
  addCapacity(store, act);
  addTasks(store, act);
  addComplete(store, act);
}
