// SPDX-License-Identifier: Apache-2.0
// Connects the deployed app and the stand-in for Slack: the app's secret in Secrets Manager holds this start's token and
// signing secret, its sender may send mail, and clicks go to the app.
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SESClient, VerifyEmailIdentityCommand } from '@aws-sdk/client-ses';
import { slackSecretName } from '#core/contract/slack.ts';
import { REGION, ROOT_KEY } from './environment.ts';
import { LocalStackError } from './errors.ts';
import type { Secrets } from './secrets.ts';
import type { StackInfo } from './stack-file.ts';

/** Who sends on the local stage. */
export const LOCAL_SENDER = 'keyturn@keyturn.local';

async function writeSecret(client: SecretsManagerClient, name: string, value: string) {
  const put = new PutSecretValueCommand({ SecretId: name, SecretString: value });
  try {
    await client.send(put);
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await client.send(new CreateSecretCommand({ Name: name, SecretString: value }));
  }
}

/** @throws LocalStackError when the stand-in does not take the address */
async function setRequestUrl({ slackUrl, adminToken, apiUrl }: StackInfo): Promise<void> {
  if (apiUrl === null || slackUrl === null) return;
  const answer = await fetch(`${slackUrl}/settings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-admin-token': adminToken },
    body: JSON.stringify({ requestUrl: `${apiUrl.replace(/\/+$/, '')}/v1/slack/interactions` }),
  });
  if (!answer.ok) throw new LocalStackError(`the stand-in for Slack answered ${answer.status}`);
}

/** Done at each start, because secrets are drawn anew. */
export async function connectSlack(
  info: StackInfo,
  secrets: Pick<Secrets, 'slackSecret'>,
): Promise<void> {
  const settings = { region: REGION, endpoint: info.gatewayUrl, credentials: ROOT_KEY };
  const secretsManager = new SecretsManagerClient(settings);
  const ses = new SESClient(settings);
  try {
    await writeSecret(secretsManager, slackSecretName(info.stage), secrets.slackSecret);
    await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: LOCAL_SENDER }));
    await setRequestUrl(info);
  } finally {
    secretsManager.destroy();
    ses.destroy();
  }
}
