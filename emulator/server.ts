// SPDX-License-Identifier: Apache-2.0
// The HTTP face: AWS's JSON protocol on POST /, the admin endpoint under /_admin/.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { type AuthenticationSettings, authenticate } from './authentication/authenticate.ts';
import { regionOf } from './authentication/region.ts';
import { serveAdmin } from './faults/admin.ts';
import { dispatch } from './protocol/dispatch.ts';
import { AwsError } from './protocol/errors.ts';
import { parseJson, readBody } from './protocol/http-body.ts';
import type { Emulator } from './settings.ts';

/** How the server listens and whom it believes. */
export interface ServerSettings extends AuthenticationSettings {
  readonly adminToken: string;
  readonly tls: { readonly certPath: string; readonly keyPath: string } | undefined;
}

// A caller's policies travel in a header: roles may have ten managed policies of 6 KB each.
const MAXIMUM_HEADER_BYTES = 512 * 1024;
/** Who sends slower than this is answered 408 and cut off, in milliseconds. */
const PATIENCE = { headersTimeout: 15_000, requestTimeout: 60_000 };

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

function send(response: ServerResponse, requestId: string, { status, type, body }: Reply): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': requestId,
  });
  response.end(text);
}

const AWS_JSON = 'application/x-amz-json-1.1';

function errorReply(error: unknown): Reply {
  if (error instanceof AwsError) {
    // AWS leaves the member out of errors it has no sentence for, such as InvalidCiphertextException.
    const message = error.message === '' ? {} : { message: error.message };
    const body = { __type: error.code, ...message };
    return { status: error.status, type: AWS_JSON, body };
  }
  // A defect of the emulator: say so here, tell the caller nothing of the inside.
  process.stderr.write(`emulator: unexpected error: ${String(error)}\n`);
  return { status: 500, type: AWS_JSON, body: { __type: 'InternalFailure', message: '' } };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Whether this is the protocol of KMS and CloudHSM. Who names no type is believed; any other is a wrong one. */
function isAmzJson(type: string | undefined): boolean {
  return type === undefined || /^application\/x-amz-json-1\.[01](;|$)/.test(type);
}

/** The emulator as the call's Region sees it. @throws AwsError for a Region that is none */
function regional(home: Emulator, request: IncomingMessage): Emulator {
  const region = regionOf(request.headers);
  const emulator = region === undefined ? home : home.regions.of(region);
  if (emulator !== undefined) return emulator;
  throw new AwsError('InvalidSignatureException', 'Credential should be scoped to a valid region.');
}

async function serveAws(
  emulator: Emulator,
  settings: ServerSettings,
  request: IncomingMessage,
  requestId: string,
): Promise<unknown> {
  const body = await readBody(request);
  const caller = authenticate(
    settings,
    {
      method: request.method ?? '',
      url: request.url ?? '/',
      headers: request.headers,
      body,
      sourceIp: request.socket.remoteAddress?.replace(/^::ffff:/, ''),
      isTls: 'encrypted' in request.socket,
    },
    // Signatures carry the time of the caller's clock, which does not move with a clock that is set.
    emulator.clockSetting.base(),
  );
  const origin = { requestId, userAgent: header(request, 'user-agent') ?? '' };
  const target = header(request, 'x-amz-target');
  return dispatch(regional(emulator, request), { caller, origin, target, body: parseJson(body) });
}

async function replyTo(
  emulator: Emulator,
  settings: ServerSettings,
  request: IncomingMessage,
  requestId: string,
): Promise<Reply> {
  if (/^\/_admin(\/|$)/.test(request.url ?? '')) {
    const answer = await serveAdmin(emulator, settings.adminToken, request);
    return { ...answer, type: 'application/json' };
  }
  const isJsonCall = request.method === 'POST' && isAmzJson(header(request, 'content-type'));
  if (!isJsonCall) throw new AwsError('UnknownOperationException', '', 404);
  const body = await serveAws(emulator, settings, request, requestId);
  return { status: 200, type: AWS_JSON, body };
}

async function serve(
  emulator: Emulator,
  settings: ServerSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  try {
    send(response, requestId, await replyTo(emulator, settings, request, requestId));
  } catch (error) {
    // A client that left in the middle of its request gets no answer and is no defect.
    const canAnswer = !response.headersSent && response.socket?.destroyed === false;
    if (canAnswer) send(response, requestId, errorReply(error));
  }
}

/** Makes the server; the caller lets it listen. */
export function createServer(
  emulator: Emulator,
  settings: ServerSettings,
  patience = PATIENCE,
): http.Server {
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    void serve(emulator, settings, request, response);
  };
  const options = {
    maxHeaderSize: MAXIMUM_HEADER_BYTES,
    keepAliveTimeout: 60_000,
    connectionsCheckingInterval: patience.headersTimeout / 5,
    ...patience,
  };
  if (settings.tls === undefined) return http.createServer(options, handler);
  const { certPath, keyPath } = settings.tls;
  return https.createServer(
    { ...options, cert: readFileSync(certPath), key: readFileSync(keyPath) },
    handler,
  );
}
