// SPDX-License-Identifier: Apache-2.0
// `keyturn policy …`: who decides by which rules, and how that is changed.
import type { Command } from 'commander';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { viewPolicy } from '../policy-views.ts';
import { startAct } from '../start-act.ts';
import type { WorkOptions } from '../start-operation.ts';

interface ActivateOptions extends WorkOptions {
  readonly digest: string;
  readonly reason?: string;
}

/** The whole digest of what is deployed, which must begin with what the caller compared. */
async function deployedDigest(context: Context, given: string): Promise<string> {
  if (!/^[0-9a-f]{12,64}$/.test(given))
    throw new UsageError('--digest must be 12 to 64 lower-case hexadecimal digits');
  const { body } = await context.client().getDecisionPolicy({ signal: context.signal });
  if (body.deployedDigest.startsWith(given)) return body.deployedDigest;
  throw new UsageError(
    `the deployed policy has digest ${body.deployedDigest}, not the one that you compared`,
    'keyturn policy show',
  );
}

async function activate(context: Context, options: ActivateOptions) {
  const digest = await deployedDigest(context, options.digest);
  const { reason } = options;
  const body = { digest, ...(reason === undefined ? {} : { reason }) };
  return startAct(context, options, {
    what: `change who decides, to policy ${digest.slice(0, 12)}`,
    start: (started) => context.client().activateDecisionPolicy(body, started),
  });
}

/** Adds `policy` and its verbs. */
export function addPolicyCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'policy', {
    summary: 'Who decides by which rules, and changing it',
    examples: ['keyturn policy show', 'keyturn policy activate --digest c1f72b95d36e'],
  });
  addVerb(noun, 'show', {
    summary: 'The rules and people in force, and what the deployment would change',
    examples: ['keyturn policy show', 'keyturn policy show --output json'],
  }).action(
    act(async (context: Context) => {
      const answer = await context.client().getDecisionPolicy({ signal: context.signal });
      printAnswer(context, answer, viewPolicy);
      return 'ok';
    }),
  );
  const verb = addVerb(noun, 'activate', {
    summary: 'Ask for approvals to bring the deployed policy into force (exit code 8)',
    examples: [
      'keyturn policy activate --digest c1f72b95d36e --reason "carol changed teams"',
      'keyturn policy activate --digest c1f72b95d36e --wait',
    ],
  })
    .requiredOption('--digest <hex>', 'deployed policy that you looked at, 12 digits at least')
    .option('--reason <text>', 'why, for those who decide and the audit record');
  withIdempotencyKey(verb).action(act(activate));
  addVerb(noun, 'withdraw', {
    summary: 'Take back what was agreed on, before it is in force',
    examples: ['keyturn policy withdraw', 'keyturn policy withdraw --user bob --output json'],
  }).action(
    act(async (context: Context) => {
      await announceChange(context, 'take back the change of who decides');
      const answer = await context.client().withdrawDecisionPolicy({ signal: context.signal });
      printAnswer(context, answer, viewPolicy);
      return 'ok';
    }),
  );
}
