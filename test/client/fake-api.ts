// SPDX-License-Identifier: Apache-2.0
// A small HTTP server that answers as the API would; each test says what.
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { EXAMPLES } from '#core/contract/examples.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are sent as JSON; texts as they are. */
  readonly body?: unknown;
}

/** Answers by `METHOD /path` (without query); a function gets the request, `hang` never answers. */
export type Replies = Record<string, Reply | 'hang' | ((seen: Seen) => Reply | 'hang')>;

export interface FakeApi {
  readonly url: string;
  readonly seen: Seen[];
}

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const HEALTH: Reply = { body: { status: 'ok', stage: 'local', version: '0.1.0' } };
const UNROUTED: Reply = { status: 404, body: { message: 'Not Found' } };

function listener(replies: Replies, seen: Seen[]): RequestListener {
  return async (request, response) => {
    const path = request.url ?? '';
    const headers = request.headers as Record<string, string | undefined>;
    const one = { method: request.method ?? '', path, headers, body: await textOf(request) };
    seen.push(one);
    const route = `${one.method} ${path.split('?')[0]}`;
    const found = replies[route] ?? (route === 'GET /v1/health' ? HEALTH : UNROUTED);
    const reply = typeof found === 'function' ? found(one) : found;
    if (reply === 'hang') return;
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
    response.writeHead(reply.status ?? 200, {
      'content-type': 'application/json',
      ...reply.headers,
    });
    response.end(text);
  };
}

/** Starts a server that lives as long as the test. @param tls PEM key and certificate, for https */
export async function startApi(
  replies: Replies,
  tls?: { key: string; cert: string },
): Promise<FakeApi> {
  const seen: Seen[] = [];
  const answer = listener(replies, seen);
  const server = tls ? createSecureServer(tls, answer) : createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, seen };
}

/** The contract's example of a body, with some members changed. */
export function example(
  id: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return { ...Object(EXAMPLES[id]), ...changes };
}

/** A problem as our functions answer it. */
export function problem(
  status: number,
  code: string,
  changes: Record<string, unknown> = {},
): Reply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'x-amzn-requestid': 'req_1' },
    body: {
      type: `urn:keyturn:problem:${code}`,
      title: `title of ${code}`,
      status,
      detail: `detail of ${code}`,
      instance: 'req_1',
      code,
      retryable: status === 429 || status === 503,
      errors: [],
      ...changes,
    },
  };
}
