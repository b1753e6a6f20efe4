// SPDX-License-Identifier: Apache-2.0
// `keyturn key usage`: who used which version last.
import type { Command } from 'commander';
import { type Act, addVerb } from '../command-tree.ts';
import type { Context } from '../context.ts';
import { printList } from '../list.ts';
import { viewUsage } from '../views.ts';

/** Adds `key usage`. */
export function addUsage(key: Command, act: Act): void {
  addVerb(key, 'usage <name>', {
    summary: 'Show who used which version last, as CloudTrail saw it (minutes late)',
    examples: ['keyturn key usage orders', 'keyturn key usage orders --output jsonl'],
  }).action(
    act(async (context: Context, name: string) => {
      await printList(
        context,
        {},
        ({ signal }) => context.client().readUsage(name, signal ? { signal } : {}),
        viewUsage,
      );
      return 'ok';
    }),
  );
}
