// SPDX-License-Identifier: Apache-2.0
// One HTTP exchange over `node:https`. `fetch` has no option for a private CA, and the CA of a local stack must not
// be trusted by the whole process, so each client has an agent of its own. Redirects are never followed: a redirect
// would carry the token to another place.
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { UnreachableError } from './errors.ts';

/** Our own bound on an answer: the largest page of the API is far below it. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** API Gateway answers within 29 s (integration timeout, API Gateway quotas). */
const TIMEOUT_MS = 30_000;

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Sends one request. @throws UnreachableError when there is no answer; an `AbortError` when `signal` fired */
export type Send = (request: HttpRequest) => Promise<HttpResponse>;

async function readAll(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES)
      throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flatHeaders(message: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/**
 * Makes a transport with its own connections.
 * @param ca PEM certificates; when given, only these are trusted (as `AWS_CA_BUNDLE` does).
 */
export function createTransport(options: { ca?: string; timeoutMs?: number } = {}): Send {
  const timeout = options.timeoutMs ?? TIMEOUT_MS;
  const plain = new HttpAgent({ keepAlive: true });
  const secure = new HttpsAgent({ keepAlive: true, ...(options.ca && { ca: options.ca }) });

  return ({ method, url, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const isSecure = new URL(url).protocol === 'https:';
      const send = isSecure ? requestHttps : requestHttp;
      const length =
        body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const fail = (error: Error): void =>
        reject(signal?.aborted ? error : new UnreachableError(url, error));
      const outgoing = send(
        url,
        {
          method,
          headers: { ...headers, ...length },
          agent: isSecure ? secure : plain,
          timeout,
          ...(signal && { signal }),
        },
        (message) => {
          readAll(message).then(
            (text) =>
              resolve({ status: message.statusCode ?? 0, headers: flatHeaders(message), text }),
            fail,
          );
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeout} ms`)));
      outgoing.on('error', fail);
      outgoing.end(body);
    });
}
