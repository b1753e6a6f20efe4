// SPDX-License-Identifier: Apache-2.0
// `keyturn token` and `keyturn credentials`: who one can be on the local stage. Neither works anywhere else.
import { Agent } from 'node:https';
import type { Command } from 'commander';
import { UnreachableError } from '../../sdk/index.ts';
import { type Act, addVerb } from '../command-tree.ts';
import { type Context, print } from '../context.ts';
import { UsageError } from '../failures.ts';
import { requestToken } from '../identity.ts';
import { showable } from '../report.ts';
import { readCa, requireLocalStack } from '../settings.ts';
import type { Stack } from '../stack-file.ts';

function addToken(program: Command, act: Act): void {
  addVerb(program, 'token', {
    summary: 'Print a JWT of a seeded person (local stage only; name them with --user)',
    examples: ['keyturn token --user ada', 'export KEYTURN_TOKEN="$(keyturn token --user alice)"'],
  }).action(
    act(async (context: Context) => {
      const { settings, signal } = context;
      const stack = requireLocalStack(settings, 'token');
      const user = settings.flags.user ?? 'alice';
      const token = await requestToken(stack, user, { ca: readCa(settings), signal });
      print(context, settings.flags.output === 'table' ? token : JSON.stringify({ token }));
      return 'ok';
    }),
  );
}

function roleOf(stack: Stack, workload: string): string {
  const arn = stack.roles[workload];
  if (arn !== undefined) return arn;
  const known = Object.keys(stack.roles).map(showable).join(', ') || 'none yet';
  throw new UsageError(`no workload is named "${workload}"`, `workloads: ${known}`);
}

async function assumeRole(context: Context, workload: string) {
  const stack = requireLocalStack(context.settings, 'credentials');
  const roleArn = roleOf(stack, workload);
  if (!stack.gatewayUrl) throw new UsageError('the stack file names no gateway', 'npm start');
  const ca = readCa(context.settings);
  // Loaded here only: the SDK would double the start time of every other command.
  const { AssumeRoleCommand, STSClient, STSServiceException } = await import('@aws-sdk/client-sts');
  const sts = new STSClient({
    endpoint: stack.gatewayUrl,
    region: stack.region,
    // The root key of the local account; it opens nothing anywhere else.
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: ca ? { httpsAgent: new Agent({ ca }) } : {},
  });
  const command = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'keyturn-cli' });
  try {
    const { Credentials } = await sts.send(command, { abortSignal: context.signal });
    return Credentials;
  } catch (error) {
    // Without a status nobody answered; with one, STS has said why in its own words.
    const hasAnswer = error instanceof STSServiceException;
    if (hasAnswer || !(error instanceof Error)) throw error;
    throw new UnreachableError(stack.gatewayUrl, error);
  } finally {
    sts.destroy();
  }
}

function addCredentials(program: Command, act: Act): void {
  addVerb(program, 'credentials', {
    summary: 'Print AWS credentials of a workload as JSON (local stage only)',
    examples: [
      'keyturn credentials --workload orders-api',
      'keyturn credentials --workload orders-api | jq -r .AccessKeyId',
    ],
  })
    .requiredOption('--workload <name>', 'workload of the stack file, such as orders-api')
    .action(
      act(async (context: Context, options: { workload: string }) => {
        const found = await assumeRole(context, options.workload);
        if (!found?.AccessKeyId) throw new Error('STS gave no credentials; run "keyturn doctor"');
        // Version 1 makes this the form that `credential_process` of AWS profiles expects.
        const shown = {
          Version: 1,
          AccessKeyId: found.AccessKeyId,
          SecretAccessKey: found.SecretAccessKey,
          SessionToken: found.SessionToken,
          Expiration: found.Expiration,
        };
        print(context, JSON.stringify(shown));
        return 'ok';
      }),
    );
}

/** Adds `token` and `credentials`. */
export function addLocalIdentityCommands(program: Command, act: Act): void {
  addToken(program, act);
  addCredentials(program, act);
}
