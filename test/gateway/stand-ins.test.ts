// SPDX-License-Identifier: Apache-2.0
// The stand-ins for Slack and a mailbox as parts of a running stack, with the adapters the app uses.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Script } from 'node:vm';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESClient } from '@aws-sdk/client-ses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mailMessage } from '#adapters/mail/message.ts';
import { SesSender } from '#adapters/mail/ses-sender.ts';
import { slackMessage } from '#adapters/slack/message.ts';
import { SlackApi } from '#adapters/slack/slack-api.ts';
import { readSlackSecret } from '#adapters/slack/slack-secret.ts';
import { slackSecretName } from '#core/contract/slack.ts';
import { CHANNEL_ID } from '#emulator/slack/members.ts';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { connectSlack, LOCAL_SENDER } from '#scripts/local/slack.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';
import { aNotice } from '#test/core/approvals/notice-scene.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ directory: '.local-stand-ins', app: null });
}, 240_000);
afterAll(() => stack?.stop());

const config = () => ({
  endpoint: stack.info.gatewayUrl.replace('localhost', '127.0.0.1'),
  region: stack.info.region,
  credentials: ROOT_KEY,
});
const read = async (url: string, token = stack.info.adminToken) => {
  const answer = await fetch(url, { headers: { 'x-admin-token': token } });
  return { status: answer.status, body: (await answer.json()) as unknown };
};

describe('the stand-ins of a local stack', () => {
  it('show a message that was sent with the secret of the deployed app', async () => {
    const client = new SecretsManagerClient(config());
    const secret = await readSlackSecret(client, slackSecretName(stack.info.stage));
    const baseUrl = `${stack.info.slackUrl}/api`;
    const api = new SlackApi({ baseUrl, botToken: async () => secret.botToken, pause });
    const { ts } = await api.postMessage(CHANNEL_ID, slackMessage(aNotice()));

    const { body } = await read(`${stack.info.slackUrl}/state`);
    expect(body).toMatchObject({ messages: [expect.objectContaining({ ts })] });
  });

  it('show a mail that SES took, to the holder of the admin token only', async () => {
    const message = mailMessage(aNotice(), 'A'.repeat(43));
    const id = await new SesSender(new SESClient(config()), LOCAL_SENDER).send(
      'bob@keyturn.local',
      message,
    );
    const url = `${stack.info.mailUrl}/messages`;

    expect(await read(url)).toEqual({
      status: 200,
      body: [
        expect.objectContaining({ id, from: LOCAL_SENDER, to: ['bob@keyturn.local'], ...message }),
      ],
    });
    expect(await read(url, 'other')).toEqual({ status: 403, body: { message: 'forbidden' } });
    expect(await (await fetch(stack.info.mailUrl ?? '')).text()).not.toContain('bob@keyturn.local');
  });

  it('keep their secrets in files of their owner', () => {
    const file = join(stack.layout.run, 'slack-secret.json');

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8')).botToken).toMatch(/^xoxb-/);
  });

  it('send clicks to the API of the deployed app', async () => {
    const slackSecret = readFileSync(join(stack.layout.run, 'slack-secret.json'), 'utf8');
    await connectSlack({ ...stack.info, apiUrl: 'https://localhost:1/local/' }, { slackSecret });

    const { body } = await read(`${stack.info.slackUrl}/state`);
    expect(body).toMatchObject({ requestUrl: 'https://localhost:1/local/v1/slack/interactions' });
  });

  it.each(['slackUrl', 'mailUrl'] as const)(
    'have a page at %s whose script is whole',
    async (name) => {
      const page = await (await fetch(stack.info[name] ?? '')).text();
      const [, script = ''] = /<script>([\s\S]*)<\/script>/.exec(page) ?? [];

      expect(script).toContain('x-admin-token');
      expect(() => new Script(script)).not.toThrow();
    },
  );
});
