// SPDX-License-Identifier: Apache-2.0
// What the pages of the stand-ins share: a server on loopback, the admin token before anything that is worth something,
// and answers that browsers neither keep nor guess about.
import { createHash, timingSafeEqual } from 'node:crypto';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsError } from './errors.ts';

export interface LocalAnswer {
  readonly status: number;
  /** Text is HTML; everything else is JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LocalServer {
  readonly url: string;
  readonly server: http.Server;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();

/** Compares in constant time. */
export function isSecret(offered: string | string[] | undefined, secret: string): boolean {
  return typeof offered === 'string' && timingSafeEqual(sha256(offered), sha256(secret));
}

/** Whether the request has the admin token. A page of another origin cannot send this header. */
export function isAdmin(request: IncomingMessage, adminToken: string): boolean {
  return isSecret(request.headers['x-admin-token'], adminToken);
}

/** Serves on 127.0.0.1; an error becomes a 500 without its text. */
export async function serveLocally(
  port: number,
  route: (request: IncomingMessage) => Promise<LocalAnswer>,
): Promise<LocalServer> {
  const server = http.createServer((request, response) => {
    const answering = route(request).catch((error: unknown) =>
      error instanceof AwsError
        ? { status: error.status, body: { message: error.message } }
        : { status: 500, body: { message: 'the stand-in failed; see its log' } },
    );
    void answering.then(({ status, body, headers }: LocalAnswer) => {
      const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json';
      const quiet = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
      const strict = { 'x-content-type-options': 'nosniff', 'content-type': type };
      response.writeHead(status, { ...quiet, ...strict, ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
