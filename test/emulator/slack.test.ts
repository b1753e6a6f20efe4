// SPDX-License-Identifier: Apache-2.0
// The stand-in workspace against the real adapters: what one sends the other takes, and what it should refuse it does.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readInteraction, type SlackInteraction } from '#adapters/slack/interaction.ts';
import { slackMessage } from '#adapters/slack/message.ts';
import { reasonRefused, reasonView } from '#adapters/slack/reason-view.ts';
import { SlackApi } from '#adapters/slack/slack-api.ts';
import { checkSlackUser } from '#adapters/slack/slack-user.ts';
import { verifySlackRequest } from '#adapters/slack/verify-request.ts';
import { KeyturnError } from '#core/errors.ts';
import { APP_ID, CHANNEL_ID, TEAM_ID } from '#emulator/slack/members.ts';
import { startSlack } from '#emulator/slack/server.ts';
import { aNotice } from '#test/core/approvals/notice-scene.ts';

const BOT_TOKEN = 'xoxb-0123456789-test';
const SIGNING_SECRET = 'signing-secret-of-this-test-0001';
const ADMIN_TOKEN = 'admin-token-of-this-test';
const HOME = { teamId: TEAM_ID, appId: APP_ID, channelId: CHANNEL_ID };
const STATUS: Readonly<Record<string, number>> = {
  Unauthenticated: 401,
  ValidationFailed: 400,
  AccessDenied: 403,
};

let slack: Awaited<ReturnType<typeof startSlack>>;
let app: Server;
let api: SlackApi;
const seen = new Set<string>();
const taken: SlackInteraction[] = [];

/** What a function behind the route does with a request, without its database. */
async function take(body: Buffer, headers: NodeJS.Dict<string | string[]>): Promise<object> {
  const header = (name: string) => headers[name]?.toString();
  const request = {
    body,
    timestamp: header('x-slack-request-timestamp'),
    signature: header('x-slack-signature'),
  };
  const now = Math.floor(Date.now() / 1000);
  const { replayKey } = verifySlackRequest(request, { secrets: [SIGNING_SECRET], now });
  if (seen.has(replayKey)) throw new KeyturnError('Unauthenticated', 'sent before');
  seen.add(replayKey);
  const interaction = readInteraction(body, HOME);
  checkSlackUser(await api.user(interaction.userId), TEAM_ID);
  taken.push(interaction);
  if (interaction.kind === 'ask-reason')
    await api.openView(interaction.triggerId, reasonView(interaction));
  if (interaction.kind === 'deny' && interaction.reason === 'refuse me')
    return reasonRefused('say more');
  return {};
}

const admin = async (path: string, body?: object, token = ADMIN_TOKEN) => {
  const headers = { 'x-admin-token': token, 'content-type': 'application/json' };
  const sent = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const answer = await fetch(`${slack.url}${path}`, { headers, ...sent });
  return { http: answer.status, ...((await answer.json()) as Record<string, never>) } as Record<
    string,
    unknown
  >;
};

beforeAll(async () => {
  slack = await startSlack({
    port: 0,
    botToken: BOT_TOKEN,
    signingSecret: SIGNING_SECRET,
    adminToken: ADMIN_TOKEN,
    clock: Date.now,
  });
  app = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await take(Buffer.concat(chunks), request.headers).then(
      (body) => [200, body] as const,
      (error: KeyturnError) => [STATUS[error.code] ?? 500, { detail: error.message }] as const,
    );
    response.writeHead(answer[0]).end(JSON.stringify(answer[1]));
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const baseUrl = `${slack.url}/api`;
  api = new SlackApi({ baseUrl, botToken: async () => BOT_TOKEN, pause: async () => {} });
  await admin('/settings', {
    requestUrl: `http://127.0.0.1:${(app.address() as AddressInfo).port}/`,
  });
});
afterAll(() => {
  slack.server.close();
  app.close();
});
beforeEach(() => {
  taken.length = 0;
});

const aMessage = () => api.postMessage(CHANNEL_ID, slackMessage(aNotice()));
const { approvalId, digest } = aNotice();

describe('the stand-in for Slack', () => {
  it('takes a click of a person to the app, signed', async () => {
    const { ts } = await aMessage();
    const answer = await admin('/click', { ts, button: 'keyturn_approve', user: 'bob' });

    expect(answer).toMatchObject({ http: 200, status: 200 });
    expect(taken).toEqual([
      expect.objectContaining({
        kind: 'approve',
        approvalId,
        digest,
        userId: 'U0BOB',
        messageTs: ts,
      }),
    ]);
  });

  it('opens the view that asks for the reason, keeps it when refused, closes it when taken', async () => {
    const { ts } = await aMessage();
    await admin('/click', { ts, button: '1', user: 'carol' });
    const viewOf = async () =>
      ((await admin('/state'))['views'] as { id: string; user: string }[]).at(-1);
    const view = (await viewOf())?.id ?? '';

    const refused = await admin('/submit', { view, user: 'carol', value: 'refuse me' });
    expect(String(refused['body'])).toContain('say more');
    expect(await viewOf()).toMatchObject({ id: view, user: 'U0CAROL' });
    expect(await admin('/submit', { view, user: 'eve', value: 'no' })).toMatchObject({ http: 404 });
    expect(await admin('/submit', { view, user: 'dan', value: 'no' })).toMatchObject({
      status: 403,
    });
    expect(await admin('/submit', { view, user: 'carol', value: 'not now' })).toMatchObject({
      status: 200,
    });
    expect(taken.at(-1)).toMatchObject({ kind: 'deny', reason: 'not now', userId: 'U0CAROL' });
    expect(await viewOf()).toBeUndefined();
  });

  it.each(['gone', 'guest', 'visitor', 'stranger', 'robot'])(
    'has %s, whom the app refuses',
    async (user) => {
      const { ts } = await aMessage();

      expect(await admin('/click', { ts, button: '0', user })).toMatchObject({ status: 403 });
      expect(taken).toEqual([]);
    },
  );

  it.each([
    ['no signature', { signature: 'none' }, 401],
    ['a wrong signature', { signature: 'wrong' }, 401],
    ['another version', { signature: 'other-version' }, 401],
    ['a stamp of 10 minutes ago', { timestampOffsetSeconds: -600 }, 401],
    ['a stamp 10 minutes ahead', { timestampOffsetSeconds: 600 }, 401],
    ['NaN as stamp', { timestamp: 'NaN' }, 401],
    ['another workspace', { payload: { team: { id: 'T0OTHER' } } }, 403],
    ['another app', { payload: { api_app_id: 'A0OTHER' } }, 403],
    ['another channel', { payload: { channel: { id: 'C0OTHER' } } }, 403],
    ['two actions', { payload: { actions: [{}, {}] } }, 400],
    ['an unknown action', { payload: { actions: [{ action_id: 'x', value: 'y' }] } }, 400],
  ])('sends %s on request, which the app refuses', async (_name, tampering, status) => {
    const { ts } = await aMessage();

    expect(await admin('/click', { ts, button: '0', user: 'bob', tampering })).toMatchObject({
      status,
    });
    expect(taken).toEqual([]);
  });

  it('sends the same once more, which the app refuses', async () => {
    const { ts } = await aMessage();
    await admin('/click', { ts, button: '0', user: 'bob' });

    const again = await admin('/click', {
      ts,
      button: '0',
      user: 'bob',
      tampering: { replay: true },
    });
    expect(again).toMatchObject({ status: 401 });
    expect(taken).toHaveLength(1);
  });

  it('loses the buttons when the message is updated, and tells one person what only they should know', async () => {
    const place = await aMessage();
    await api.updateMessage(place, slackMessage(aNotice({ kind: 'denied' })));
    await api.postMessage(CHANNEL_ID, { text: 'in the thread' }, place.ts);
    await api.postEphemeral(CHANNEL_ID, 'U0BOB', 'only you');
    const state = await admin('/state');

    expect(await admin('/click', { ts: place.ts, button: '0', user: 'bob' })).toMatchObject({
      http: 404,
    });
    expect(state['messages']).toContainEqual(
      expect.objectContaining({ text: 'in the thread', thread_ts: place.ts }),
    );
    expect(state['ephemerals']).toContainEqual({ user: 'U0BOB', text: 'only you' });
  });

  it('asks to wait, as often as it is told to', async () => {
    await admin('/settings', { rateLimit: { calls: 2, retryAfterSeconds: 1 } });

    expect((await aMessage()).channel).toBe(CHANNEL_ID);
  });

  it.each([
    ['another token', { authorization: 'Bearer xoxb-other' }, {}, 'invalid_auth'],
    ['no token', {}, {}, 'invalid_auth'],
    ['another channel', null, { channel: 'C0OTHER', text: 'x' }, 'channel_not_found'],
    ['nothing to say', null, { channel: CHANNEL_ID }, 'no_text'],
    [
      'a section that Slack would not take',
      null,
      {
        channel: CHANNEL_ID,
        attachments: JSON.stringify([
          { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3001) } }] },
        ]),
      },
      'invalid_blocks',
    ],
    [
      'a thread of nothing',
      null,
      { channel: CHANNEL_ID, text: 'x', thread_ts: '1.1' },
      'thread_not_found',
    ],
  ])('refuses %s by the name Slack has for it', async (_name, headers, form, error) => {
    const answer = await fetch(`${slack.url}/api/chat.postMessage`, {
      method: 'POST',
      headers: headers ?? { authorization: `Bearer ${BOT_TOKEN}` },
      body: new URLSearchParams(form as Record<string, string>),
    });

    expect(await answer.json()).toEqual({ ok: false, error });
  });

  it('opens a view only with the trigger of a click, once', async () => {
    const view = reasonView({
      approvalId,
      digest,
      userId: 'U0BOB',
      channelId: CHANNEL_ID,
      messageTs: '1.1',
    });

    await expect(api.openView('made-up', view)).rejects.toThrow(/invalid_trigger_id/);
  });

  it('shows its page to all, and what is in it to nobody without the token', async () => {
    const page = await fetch(slack.url);

    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(await page.text()).not.toMatch(
      new RegExp(`${ADMIN_TOKEN}|${BOT_TOKEN}|${SIGNING_SECRET}`),
    );
    expect(await admin('/state', undefined, 'other')).toMatchObject({ http: 403 });
    expect(await admin('/click', { ts: '1.1', button: '0', user: 'bob' }, '')).toMatchObject({
      http: 403,
    });
    expect(JSON.stringify(await admin('/state'))).not.toContain(SIGNING_SECRET);
  });
});
