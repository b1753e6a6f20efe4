// SPDX-License-Identifier: Apache-2.0
// The stand-in workspace on its port: Web API for the app, page for people, JSON for tests. Its state is gone when it ends.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { readBody } from '../protocol/http-body.ts';
import {
  isAdmin,
  isSecret,
  type LocalAnswer,
  type LocalServer,
  serveLocally,
} from '../protocol/local-pages.ts';
import { type App, click, NoSuch, submit, Tampering } from './interactions.ts';
import { SLACK_PAGE, SLACK_PAGE_POLICY } from './page.ts';
import { callMethod, membersOf } from './web-api.ts';
import { Workspace } from './workspace.ts';

export interface SlackSettings {
  readonly port: number;
  readonly botToken: string;
  readonly signingSecret: string;
  readonly adminToken: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

const Click = z.strictObject({
  ts: z.string(),
  /** Action id, or place of the button in the message. */
  button: z.string(),
  user: z.string(),
  tampering: Tampering.optional(),
});
const Submission = z.strictObject({
  view: z.string(),
  user: z.string(),
  value: z.string(),
  tampering: Tampering.optional(),
});
const Settings = z.strictObject({
  requestUrl: z.url().optional(),
  /** The next calls of the Web API are answered with 429. */
  rateLimit: z
    .strictObject({ calls: z.int().min(0), retryAfterSeconds: z.int().min(0) })
    .optional(),
});

type Act = (app: App, json: unknown) => Promise<unknown>;

const ACTS: Readonly<Record<string, Act>> = {
  '/click': (app, json) => {
    const { tampering, ...press } = Click.parse(json);
    return click(app, press, tampering);
  },
  '/submit': (app, json) => {
    const { tampering, ...answer } = Submission.parse(json);
    return submit(app, answer, tampering);
  },
  '/settings': async (app, json) => {
    const { requestUrl, rateLimit } = Settings.parse(json);
    if (requestUrl !== undefined) app.requestUrl = requestUrl;
    if (rateLimit !== undefined) app.workspace.rateLimit = rateLimit;
    return { requestUrl: app.requestUrl, rateLimit: app.workspace.rateLimit };
  },
};

function stateOf({ workspace, requestUrl }: App) {
  const { messages, ephemerals, deliveries, views } = workspace;
  return { requestUrl, messages, ephemerals, deliveries, views: [...views.values()] };
}

async function answerApi(app: App, botToken: string, request: IncomingMessage, method: string) {
  const body = (await readBody(request)).toString('utf8');
  const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (!isSecret(token, botToken))
    return { status: 200, body: { ok: false, error: 'invalid_auth' } };
  const limit = app.workspace.rateLimit;
  if (limit.calls > 0) {
    limit.calls -= 1;
    const headers = { 'retry-after': String(limit.retryAfterSeconds) };
    return { status: 429, body: { ok: false, error: 'ratelimited' }, headers };
  }
  return { status: 200, body: callMethod(app.workspace, method, membersOf(body)) };
}

async function answerAct(app: App, request: IncomingMessage, act: Act): Promise<LocalAnswer> {
  try {
    const json: unknown = JSON.parse((await readBody(request)).toString('utf8'));
    return { status: 200, body: await act(app, json) };
  } catch (error) {
    if (error instanceof NoSuch) return { status: 404, body: { message: error.message } };
    if (error instanceof SyntaxError)
      return { status: 400, body: { message: 'the body is not JSON' } };
    if (error instanceof z.ZodError)
      return { status: 400, body: { message: z.prettifyError(error) } };
    throw error;
  }
}

async function route(
  app: App,
  settings: SlackSettings,
  request: IncomingMessage,
): Promise<LocalAnswer> {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (request.method === 'GET' && pathname === '/') {
    return {
      status: 200,
      body: SLACK_PAGE,
      headers: { 'content-security-policy': SLACK_PAGE_POLICY },
    };
  }
  const [, method] = /^\/api\/([A-Za-z.]+)$/.exec(pathname) ?? [];
  if (request.method === 'POST' && method)
    return answerApi(app, settings.botToken, request, method);
  if (!isAdmin(request, settings.adminToken))
    return { status: 403, body: { message: 'forbidden' } };
  if (request.method === 'GET' && pathname === '/state') return { status: 200, body: stateOf(app) };
  const act = Object.hasOwn(ACTS, pathname) ? ACTS[pathname] : undefined;
  if (request.method === 'POST' && act) return answerAct(app, request, act);
  return { status: 404, body: { message: 'not found' } };
}

/** Starts the workspace on 127.0.0.1. The Web API lies under `/api`. */
export async function startSlack(settings: SlackSettings): Promise<LocalServer> {
  const { signingSecret, clock } = settings;
  const app: App = {
    workspace: new Workspace(clock),
    signingSecret,
    requestUrl: null,
    last: null,
    clock,
  };
  return serveLocally(settings.port, (request) => route(app, settings, request));
}
