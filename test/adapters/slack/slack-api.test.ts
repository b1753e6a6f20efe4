// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { slackMessage } from '#adapters/slack/message.ts';
import { SlackApi } from '#adapters/slack/slack-api.ts';
import { parseSlackSecret, readSlackSecret } from '#adapters/slack/slack-secret.ts';
import { checkSlackUser, personOfSlackUser } from '#adapters/slack/slack-user.ts';
import { aNotice } from '#test/core/approvals/notice-scene.ts';

type Reply = readonly [status: number, body: unknown, headers?: Record<string, string>];

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(replies: readonly Reply[]) {
  const seen: { path: string; token: string | undefined; form: Record<string, string> }[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const [status, answer, headers] = replies[seen.length] ?? [500, {}];
    seen.push({
      path: request.url ?? '',
      token: request.headers.authorization,
      form: Object.fromEntries(new URLSearchParams(body)),
    });
    response
      .writeHead(status, headers)
      .end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function anApi(...replies: readonly Reply[]) {
  const { url, seen } = await serve(replies);
  const pauses: number[] = [];
  const api = new SlackApi({
    baseUrl: url,
    botToken: () => Promise.resolve('xoxb-token'),
    pause: (milliseconds) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    },
  });
  return { api, seen, pauses };
}

const POSTED = [200, { ok: true, channel: 'C0X', ts: '1.2' }] as const;
const limited = (seconds: string): Reply => [429, { ok: false }, { 'retry-after': seconds }];

describe('the Web API of Slack', () => {
  it('gets the message with its blocks, and the token in a header only', async () => {
    const { api, seen } = await anApi(POSTED, [200, { ok: true }]);
    const message = slackMessage(aNotice());

    expect(await api.postMessage('C0X', message)).toEqual({ channel: 'C0X', ts: '1.2' });
    await api.updateMessage({ channel: 'C0X', ts: '1.2' }, message);
    expect(seen[0]).toMatchObject({ path: '/chat.postMessage', token: 'Bearer xoxb-token' });
    expect(JSON.parse(seen[0]?.form['attachments'] ?? '')).toEqual(message.attachments);
    expect(seen[1]?.form).toMatchObject({ channel: 'C0X', ts: '1.2', text: message.text });
    expect(JSON.stringify(seen.map(({ form }) => form))).not.toContain('xoxb');
  });

  it('is asked again as late as it wants', async () => {
    const { api, pauses } = await anApi(limited('3'), limited('nonsense'), POSTED);

    await api.postMessage('C0X', { text: 'x' });
    expect(pauses).toEqual([3000, 1000]);
  });

  it.each([
    ['too often', [limited('1'), limited('1'), limited('1'), limited('1')], 4],
    ['too long', [limited('21')], 1],
  ])('is not waited for %s', async (_name, replies, calls) => {
    const { api, seen } = await anApi(...replies);

    await expect(api.postMessage('C0X', { text: 'x' })).rejects.toMatchObject({
      code: 'Throttled',
    });
    expect(seen).toHaveLength(calls);
  });

  it.each<[string, Reply]>([
    ['an error of the API', [200, { ok: false, error: 'invalid_auth' }]],
    ['an error text of other form', [200, { ok: false, error: '<b>SECRET</b>' }]],
    ['a server error', [500, { ok: true }]],
    ['a page of a proxy', [200, '<html>']],
    ['a redirect', [302, '', { location: 'http://127.0.0.1:9/' }]],
    ['an answer without a place', [200, { ok: true }]],
  ])('is not asked again after %s', async (_name, reply) => {
    const { api, seen } = await anApi(reply, POSTED);
    const posting = api.postMessage('C0X', { text: 'x' });

    await expect(posting).rejects.toMatchObject({ code: 'DependencyUnavailable' });
    await expect(posting).rejects.not.toThrow(/SECRET|xoxb/);
    expect(seen).toHaveLength(1);
  });

  it('says of whom it speaks', async () => {
    const { api } = await anApi(
      [200, { ok: true, user: { id: 'U0BOB' } }],
      [200, { ok: true, user: { id: 'U0EVE' } }],
    );

    expect(await api.user('U0BOB')).toEqual({ id: 'U0BOB' });
    await expect(api.user('U0BOB')).rejects.toThrow(/nobody asked for/);
  });
});

describe('an account of Slack', () => {
  it.each([
    [{ deleted: true }],
    [{ is_bot: true }],
    [{ is_app_user: true }],
    [{ is_restricted: true }],
    [{ is_ultra_restricted: true }],
    [{ is_stranger: true }],
    [{ team_id: 'T0OTHER' }],
    [{ id: 'USLACKBOT' }],
  ])('does not vote when it is %j', (facts) => {
    expect(() => checkSlackUser({ id: 'U0BOB', team_id: 'T0LOCAL', ...facts }, 'T0LOCAL')).toThrow(
      expect.objectContaining({ code: 'AccessDenied' }),
    );
  });

  it('stands for exactly one person, or for none', () => {
    type Known = { readonly user: string; readonly slackUserId?: string };
    const bob: Known = { user: 'bob', slackUserId: 'U0BOB' };
    const ada: Known = { user: 'ada' };
    const eve: Known = { user: 'eve', slackUserId: 'U0BOB' };
    expect(() => checkSlackUser({ id: 'U0BOB', team_id: 'T0LOCAL' }, 'T0LOCAL')).not.toThrow();
    expect(personOfSlackUser([bob, ada], 'U0BOB')).toBe(bob);
    const wrong: readonly (readonly Known[])[] = [[], [ada], [bob, eve]];
    for (const people of wrong)
      expect(() => personOfSlackUser(people, 'U0BOB')).toThrow(/exactly one person/);
  });
});

describe('the secret of the app', () => {
  const GOOD = { botToken: 'xoxb-1234567890-abc', signingSecrets: ['s'.repeat(32)] };

  it.each([
    ['nothing', undefined],
    ['no JSON', 'xoxb-SECRET'],
    ['a user’s token', JSON.stringify({ ...GOOD, botToken: 'xoxp-SECRET-1234567' })],
    ['no signing secret', JSON.stringify({ ...GOOD, signingSecrets: [] })],
    [
      'three signing secrets',
      JSON.stringify({ ...GOOD, signingSecrets: [1, 2, 3].map(() => 'SECRET'.repeat(4)) }),
    ],
    ['something more', JSON.stringify({ ...GOOD, SECRET: 1 })],
  ])('is refused with %s, without showing it', (_name, text) => {
    expect(() => parseSlackSecret(text)).toThrow(/docs\/slack\.md/);
    expect(() => parseSlackSecret(text)).not.toThrow(/SECRET/);
  });

  it('is read from Secrets Manager', async () => {
    const reply = { SecretString: JSON.stringify(GOOD) };
    const { url } = await serve([
      [200, reply],
      [400, { __type: 'ResourceNotFoundException' }],
    ]);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new SecretsManagerClient({
      region: 'us-east-1',
      endpoint: url,
      credentials,
      maxAttempts: 1,
    });

    expect(await readSlackSecret(client, 'keyturn/local/slack')).toEqual(GOOD);
    await expect(readSlackSecret(client, 'keyturn/local/slack')).rejects.toThrow(/cannot be read/);
  });
});
