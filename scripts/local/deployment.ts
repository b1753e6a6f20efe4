// SPDX-License-Identifier: Apache-2.0
// Deploys the CDK app to the local stack: bootstraps once, and deploys again only when something that determines
// the templates changed. The digest is taken over the sources, because synthesizing costs seconds.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from './commands.ts';
import { ACCOUNT, baseEnvironment, REGION } from './environment.ts';
import { LocalStackError } from './errors.ts';
import { type Layout, ROOT } from './layout.ts';
import { apiUrlOf } from './outputs.ts';
import type { Ports } from './ports.ts';
import { readJson, writePrivate } from './private-file.ts';
import { gatewayUrl, issuerUrl, slackUrl } from './services.ts';

const CDK = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');

/** A CDK app: its command as in `cdk.json`, and the files and folders its templates are made of. */
export interface App {
  /** Undefined takes the command of the repository's own `cdk.json`. */
  readonly command?: string;
  readonly sources: readonly string[];
  /** Context values beside those of the local stage, such as `bakeSeconds`. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Keyturn itself. */
export const KEYTURN_APP: App = {
  sources: [
    'bin',
    'lib',
    'functions',
    'core',
    'adapters',
    'workflows',
    'policies',
    'cdk.json',
    'package-lock.json',
  ],
};

const stateSchema = z.object({ bootstrapped: z.boolean(), digest: z.string().nullable() });

/** Deploys `app` unless it is deployed as it is. Returns whether it deployed. */
export async function deploy(
  layout: Layout,
  ports: Ports,
  app: App,
  log: (line: string) => void,
): Promise<boolean> {
  const known = stateSchema.safeParse(readJson(layout.deploymentFile)).data;
  const state = known ?? { bootstrapped: false, digest: null };
  const context = contextArguments(layout, ports, app);
  const digest = digestOf(app, context);
  if (state.digest === digest) return false;
  const remember = (next: z.infer<typeof stateSchema>) =>
    writePrivate(layout.deploymentFile, `${JSON.stringify(next)}\n`);
  const shared = [...common(layout, app), ...context];
  if (!state.bootstrapped) {
    log('preparing the account for CDK (once)');
    await cdk(layout, ports, ['bootstrap', `aws://${ACCOUNT}/${REGION}`, ...shared]);
    remember({ bootstrapped: true, digest: null });
  }
  log('deploying the CDK app');
  await cdk(layout, ports, [
    'deploy',
    '--all',
    '--require-approval=never',
    '--method=direct',
    '--concurrency=4',
    `--outputs-file=${layout.outputsFile}`,
    ...shared,
  ]);
  remember({ bootstrapped: true, digest });
  return true;
}

function common(layout: Layout, app: App): string[] {
  const command = app.command === undefined ? [] : [`--app=${app.command}`];
  return [
    ...command,
    `--output=${layout.cdkOut}`,
    `--ca-bundle-path=${layout.tls.ca}`,
    '--no-notices',
    '--ci',
  ];
}

function contextArguments(layout: Layout, ports: Ports, app: App): string[] {
  const context = {
    stage: 'local',
    account: ACCOUNT,
    region: REGION,
    issuerUrl: issuerUrl(ports),
    jwksUrl: `${issuerUrl(ports)}/jwks.json`,
    endpointUrl: gatewayUrl(ports),
    caFile: layout.tls.ca,
    apiUrlTemplate: apiUrlOf(gatewayUrl(ports), '{apiId}', '{stage}'),
    passkeys: JSON.stringify({ rpId: 'localhost', origins: [gatewayUrl(ports)] }),
    slackApiUrl: `${slackUrl(ports)}/api`,
    bundleFolder: layout.bundles,
    ...app.context,
  };
  return Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function cdk(layout: Layout, ports: Ports, args: readonly string[]): Promise<void> {
  // An address instead of a name: for one, the SDK asks S3 in path style, and `bucket.localhost` does not resolve.
  const endpoint = `https://127.0.0.1:${ports.gateway}`;
  const env = {
    ...baseEnvironment(layout),
    AWS_ENDPOINT_URL: endpoint,
    CDK_DISABLE_LEGACY_EXPORT_WARNING: '1',
    CDK_DISABLE_VERSION_CHECK: '1',
    NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
  };
  const { code, output } = await run(process.execPath, [CDK, ...args], { cwd: ROOT, env });
  const log = join(layout.logs, `cdk-${args[0]}.log`);
  writePrivate(log, output);
  if (code !== 0) {
    throw new LocalStackError(`cdk ${args[0]} failed (all of it: ${log}):\n${essence(output)}`);
  }
}

/** The lines that name what failed; without such lines the end of the output. */
function essence(output: string): string {
  const failures = output.split('\n').filter((line) => /_FAILED|: fail:|Error:/.test(line));
  return failures.length > 0 ? failures.slice(0, 20).join('\n') : output.trim().slice(-4000);
}

/** Changes whenever a source file or a context value does. */
function digestOf(app: App, context: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([app.command ?? null, context]));
  for (const source of app.sources) {
    for (const file of filesUnder(join(ROOT, source))) {
      hash.update(`\0${file}\0`).update(readFileSync(file));
    }
  }
  return hash.digest('hex');
}

function filesUnder(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  const entries = readdirSync(path).sort();
  return entries.flatMap((name) => (name === 'node_modules' ? [] : filesUnder(join(path, name))));
}
