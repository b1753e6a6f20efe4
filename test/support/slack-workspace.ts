// SPDX-License-Identifier: Apache-2.0
// The stand-in workspace before the function that answers it: clicks go over HTTP into the handler, as API Gateway hands
// them over. Import after `functions.ts`, whose world's clock both follow.
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { SlackApi } from '#adapters/slack/slack-api.ts';
import type { SlackSecret } from '#adapters/slack/slack-secret.ts';
import { startSlack } from '#emulator/slack/server.ts';
import type { Delivery, Workspace } from '#emulator/slack/workspace.ts';
import { current, eventOf } from './functions.ts';

export const SECRET: SlackSecret = {
  botToken: 'xoxb-0123456789-test',
  signingSecrets: ['signing-secret-of-this-test-0001'],
};
const ADMIN_TOKEN = 'admin-token-of-this-test';

type Handler = (
  event: APIGatewayProxyEvent,
) => Promise<{ statusCode: number; headers: Readonly<Record<string, string>>; body: string }>;

/** Where the stand-in's Web API is now; what the secret is now. */
const slackNow = vi.hoisted(() => ({ url: '', secret: null as SlackSecret | null }));

export { slackNow };

vi.mock('#functions/shared/slack-app.ts', () => ({
  slackApp: () => ({
    secret: async () => slackNow.secret,
    api: new Proxy({} as SlackApi, {
      get: (_target, method) => {
        const api = new SlackApi({
          baseUrl: `${slackNow.url}/api`,
          botToken: async () => slackNow.secret?.botToken ?? '',
          pause: async () => {},
          timeoutMilliseconds: 1000,
        });
        return Reflect.get(api, method).bind(api);
      },
    }),
  }),
}));

/** A body as Slack signs it, at the world's time. */
export function signedHeaders(
  body: string,
  { secret = SECRET.signingSecrets[0] ?? '', at = Date.parse(current.world.clock.now()) } = {},
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${hmac}` };
}

async function serve(handler: Handler): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = request.headers as Record<string, string>;
    const text = Buffer.concat(chunks).toString('utf8');
    const answer = await handler(eventOf('answerSlack', { as: null, text, event: { headers } }));
    response.writeHead(answer.statusCode, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Starts both. */
export async function slackWorkspace(handler: Handler) {
  const slack = await startSlack({
    port: 0,
    botToken: SECRET.botToken,
    signingSecret: SECRET.signingSecrets[0] ?? '',
    adminToken: ADMIN_TOKEN,
    clock: () => Date.parse(current.world.clock.now()),
  });
  const app = await serve(handler);
  slackNow.url = slack.url;
  slackNow.secret = SECRET;
  const admin = async (path: string, body?: object) => {
    const headers = { 'x-admin-token': ADMIN_TOKEN, 'content-type': 'application/json' };
    const sent = body ? { method: 'POST', body: JSON.stringify(body) } : {};
    return (await fetch(`${slack.url}${path}`, { headers, ...sent })).json();
  };
  await admin('/settings', { requestUrl: app.url });
  return {
    click: (ts: string, button: string, user: string, tampering?: object): Promise<Delivery> =>
      admin('/click', { ts, button, user, ...(tampering && { tampering }) }) as Promise<Delivery>,
    submit: (view: string, user: string, value: string): Promise<Delivery> =>
      admin('/submit', { view, user, value }) as Promise<Delivery>,
    limit: (calls: number) => admin('/settings', { rateLimit: { calls, retryAfterSeconds: 1 } }),
    state: () =>
      admin('/state') as Promise<
        Pick<Workspace, 'messages' | 'ephemerals' | 'deliveries'> & {
          readonly views: readonly { readonly id: string; readonly user: string }[];
        }
      >,
    stop: () => {
      slack.server.close();
      app.server.close();
    },
  };
}
