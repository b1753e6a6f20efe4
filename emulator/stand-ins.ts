// SPDX-License-Identifier: Apache-2.0
// Command line of the stand-ins for Slack and for a mailbox: one process, two ports, loopback only.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startMailbox } from './mail/server.ts';
import { startSlack } from './slack/server.ts';

const text = { type: 'string' } as const;
const Options = z.strictObject({
  'slack-port': z.coerce.number().int(),
  'mail-port': z.coerce.number().int(),
  'slack-secret-file': z.string(),
  'admin-token-file': z.string(),
  'mail-source': z.url(),
});
/** As the secret of the deployed app, so that one file serves both. */
const SlackSecret = z.object({ botToken: z.string(), signingSecrets: z.array(z.string()).min(1) });

async function run(): Promise<void> {
  const names = Object.keys(Options.shape).map((name) => [name, text] as const);
  const options = Options.parse(parseArgs({ options: Object.fromEntries(names) }).values);
  const secret = SlackSecret.parse(JSON.parse(readFileSync(options['slack-secret-file'], 'utf8')));
  const adminToken = readFileSync(options['admin-token-file'], 'utf8').trim();
  const servers = await Promise.all([
    startSlack({
      port: options['slack-port'],
      botToken: secret.botToken,
      signingSecret: secret.signingSecrets[0] ?? '',
      adminToken,
      clock: Date.now,
    }),
    startMailbox({ port: options['mail-port'], adminToken, source: options['mail-source'] }),
  ]);
  const stop = () => process.exit(0);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write(`ready ${servers.map(({ url }) => url).join(' ')}\n`);
}

run().catch((error: unknown) => {
  process.stderr.write(`stand-ins: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
