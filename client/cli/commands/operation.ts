// SPDX-License-Identifier: Apache-2.0
// `keyturn operation …`: one run of a workflow.
import type { Command } from 'commander';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { viewOperation } from '../views.ts';
import { watchOperation } from '../watch-operation.ts';

/** Adds `operation` and its verbs. */
export function addOperationCommands(program: Command, act: Act): void {
  const operation = addNoun(program, 'operation', {
    summary: 'Operations: show, watch',
    examples: [
      'keyturn operation show op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
      'keyturn operation watch op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
    ],
  });
  addVerb(operation, 'show <id>', {
    summary: 'Show one operation',
    examples: [
      'keyturn operation show op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
      'keyturn operation show op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T --output json',
    ],
  }).action(
    act(async (context: Context, id: string) => {
      const answer = await context.client().getOperation(id, { signal: context.signal });
      printAnswer(context, answer, viewOperation);
      return 'ok';
    }),
  );
  addVerb(operation, 'watch <id>', {
    summary: 'Follow an operation to its end; Ctrl-C leaves it running',
    examples: [
      'keyturn operation watch op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
      'keyturn operation watch op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T --output json | jq .state',
    ],
  }).action(act((context: Context, id: string) => watchOperation(context, id)));
}
