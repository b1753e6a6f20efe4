// SPDX-License-Identifier: Apache-2.0
// `keyturn key plan`, `key rotate --plan` and `key-store capacity`: look before anything is changed.
import type { Command } from 'commander';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { viewCapacity, viewPlan } from '../plan-views.ts';

/** Prints what a rotation of the key would touch; changes nothing. */
export async function printPlan(context: Context, key: string): Promise<Outcome> {
  const { signal } = context;
  const answer = await context.client().createPlan({ key, operation: 'rotate-key' }, { signal });
  printAnswer(context, answer, viewPlan);
  return 'ok';
}

/** Adds `key plan`. */
export function addPlan(key: Command, act: Act): void {
  addVerb(key, 'plan <name>', {
    summary: 'Show what a rotation of a key would touch, take and cost; changes nothing',
    examples: ['keyturn key plan orders', 'keyturn key plan orders --output json | jq -r .digest'],
  }).action(act((context: Context, name: string) => printPlan(context, name)));
}

/** Adds `key-store capacity`. */
export function addCapacity(store: Command, act: Act): void {
  addVerb(store, 'capacity <name>', {
    summary: 'Show how full the HSM cluster of a key store is, and when it will be full',
    examples: [
      'keyturn key-store capacity keyturn-local',
      'keyturn key-store capacity keyturn-local --output json | jq .fullAt',
    ],
  }).action(
    act(async (context: Context, name: string) => {
      const answer = await context.client().readCapacity(name, { signal: context.signal });
      printAnswer(context, answer, viewCapacity);
      return 'ok';
    }),
  );
}
