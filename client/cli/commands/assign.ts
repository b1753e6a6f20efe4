// SPDX-License-Identifier: Apache-2.0
// `keyturn key assign`: says where a key is used, so that it can be contained with what else is used there.
import type { Command } from 'commander';
import type { RequestOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { viewKey } from '../views.ts';

interface AssignOptions {
  readonly application?: string;
  readonly host?: string;
}

/** The key's ETag as the API gave it just now, so that a change in between is refused. */
async function currentETag({ client, settings, signal }: Context, name: string): Promise<string> {
  if (settings.flags.printCurl) return '$ETAG';
  const { etag, body } = await client().getKey(name, { signal });
  return etag ?? `"${body.revision}"`;
}

/** Changes a key as it is now, and prints it. */
export async function changeKey(
  context: Context,
  name: string,
  body: RequestOf<'updateKey'>,
): Promise<void> {
  const ifMatch = await currentETag(context, name);
  const { signal } = context;
  const answer = await context.client().updateKey(name, body, { ifMatch, signal });
  printAnswer(context, answer, viewKey);
}

/** An empty name takes the assignment away. @throws UsageError without any */
function toAssignment({ application, host }: AssignOptions): RequestOf<'updateKey'> {
  if (application === undefined && host === undefined)
    throw new UsageError('say --application, --host or both', 'an empty one takes it away');
  return {
    ...(application !== undefined && { application: application || null }),
    ...(host !== undefined && { host: host || null }),
  };
}

/** Adds the verb to `key`. */
export function addAssign(key: Command, act: Act): void {
  addVerb(key, 'assign <name>', {
    summary: 'Say which application and host use a key',
    examples: [
      'keyturn key assign orders --application billing --host web-1.example.com',
      'keyturn key assign orders --host "" --output json',
    ],
  })
    .option('--application <name>', 'application that uses the key; empty: none')
    .option('--host <name>', 'host on which the key is used; empty: none')
    .action(
      act(async (context: Context, name: string, options: AssignOptions) => {
        const body = toAssignment(options);
        await announceChange(context, `assign key ${name}`);
        await changeKey(context, name, body);
        return 'ok';
      }),
    );
}
