// SPDX-License-Identifier: Apache-2.0
// Secrets of one start: they are drawn anew each time and handed over in files of mode 0600.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { writePrivate } from './private-file.ts';

/** The secrets and the files that hold them. */
export interface Secrets {
  readonly gatewaySecret: string;
  readonly gatewaySecretFile: string;
  readonly adminToken: string;
  readonly adminTokenFile: string;
  /** In the form of the deployed app's secret (`docs/slack.md`). */
  readonly slackSecret: string;
  readonly slackSecretFile: string;
}

/** Draws the secrets of this start. */
export function drawSecrets(layout: Layout): Secrets {
  const gatewaySecret = randomBytes(32).toString('base64url');
  const adminToken = randomBytes(32).toString('base64url');
  const slackSecret = JSON.stringify({
    botToken: `xoxb-${randomBytes(24).toString('hex')}`,
    signingSecrets: [randomBytes(32).toString('hex')],
  });
  const gatewaySecretFile = join(layout.run, 'gateway-secret');
  const adminTokenFile = join(layout.run, 'admin-token');
  const slackSecretFile = join(layout.run, 'slack-secret.json');
  writePrivate(gatewaySecretFile, gatewaySecret);
  writePrivate(adminTokenFile, adminToken);
  writePrivate(slackSecretFile, slackSecret);
  return {
    gatewaySecret,
    gatewaySecretFile,
    adminToken,
    adminTokenFile,
    slackSecret,
    slackSecretFile,
  };
}
