// SPDX-License-Identifier: Apache-2.0
// The Slack app of a deployment: its secret, read again every minute so that a changed one holds soon without a start,
// and its Web API.
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SlackApi } from '#adapters/slack/slack-api.ts';
import { readSlackSecret, type SlackSecret } from '#adapters/slack/slack-secret.ts';
import { systemClock } from '#adapters/system/system.ts';
import { systemTimer } from '#adapters/system/timer.ts';
import { type SlackSetting, slackSecretName } from '#core/contract/slack.ts';
import type { Stage } from '#core/contract/vocabulary.ts';

const KEEP_MILLISECONDS = 60_000;

export interface SlackApp {
  readonly secret: () => Promise<SlackSecret>;
  readonly api: SlackApi;
}

/** @param timeoutMilliseconds of one call, for who cannot wait */
export function slackApp(
  stage: Stage,
  { apiUrl }: SlackSetting,
  timeoutMilliseconds?: number,
): SlackApp {
  const client = new SecretsManagerClient({ maxAttempts: 2 });
  let known: { readonly secret: SlackSecret; readonly until: number } | null = null;
  const secret = async () => {
    const now = Date.parse(systemClock.now());
    if (known && now < known.until) return known.secret;
    const read = await readSlackSecret(client, slackSecretName(stage));
    known = { secret: read, until: now + KEEP_MILLISECONDS };
    return read;
  };
  const api = new SlackApi({
    baseUrl: apiUrl,
    botToken: async () => (await secret()).botToken,
    pause: systemTimer.pause,
    ...(timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds }),
  });
  return { secret, api };
}
