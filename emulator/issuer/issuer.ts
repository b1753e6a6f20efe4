// SPDX-License-Identifier: Apache-2.0
// A small OpenID Connect issuer for local use: discovery, keys, and tokens for people of a file.
// Whoever holds the admin token may take anyone's token: that is what a local stack needs, and nothing else.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { mayAdminister } from '../faults/admin.ts';
import { AwsError } from '../protocol/errors.ts';
import { readBody } from '../protocol/http-body.ts';
import type { Person } from './people.ts';
import { type SigningKey, signingKey } from './signing-key.ts';

/** What an issuer is started with. */
export interface IssuerSettings {
  readonly port: number;
  readonly dataFolder: string;
  readonly adminToken: string;
  readonly people: readonly Person[];
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** A listening issuer. */
export interface Issuer {
  readonly url: string;
  readonly server: http.Server;
}

interface Context extends IssuerSettings {
  readonly key: SigningKey;
  readonly url: () => string;
}

const AUDIENCE = 'keyturn';
const LIFETIME_SECONDS = 3600;
const TokenRequest = z.strictObject({ user: z.string() });

async function issue(context: Context, person: Person) {
  const now = Math.floor(context.clock() / 1000);
  const expiresAt = now + LIFETIME_SECONDS;
  const token = await new SignJWT({ name: person.user, groups: person.groups })
    .setProtectedHeader({ alg: 'ES256', kid: context.key.keyId, typ: 'JWT' })
    .setIssuer(context.url())
    .setSubject(person.sub)
    .setAudience(AUDIENCE)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(expiresAt)
    .sign(context.key.privateKey);
  return { token, expiresAt: new Date(expiresAt * 1000).toISOString() };
}

async function serveToken(context: Context, request: IncomingMessage) {
  if (!mayAdminister(request, context.adminToken)) {
    return { status: 403, body: { message: 'forbidden' } };
  }
  const text = (await readBody(request)).toString('utf8');
  const parsed = TokenRequest.safeParse(parseOrUndefined(text));
  if (!parsed.success) return { status: 400, body: { message: 'expected {"user": NAME}' } };
  const person = context.people.find(({ user }) => user === parsed.data.user);
  if (person === undefined) return { status: 404, body: { message: 'no such user' } };
  return { status: 200, body: await issue(context, person) };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function discovery(url: string) {
  return {
    issuer: url,
    jwks_uri: `${url}/jwks.json`,
    token_endpoint: `${url}/token`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

async function route(context: Context, request: IncomingMessage) {
  const target = `${request.method} ${request.url}`;
  if (target === 'GET /.well-known/openid-configuration') {
    return { status: 200, body: discovery(context.url()) };
  }
  if (target === 'GET /jwks.json') return { status: 200, body: { keys: [context.key.publicJwk] } };
  if (target === 'POST /token') return serveToken(context, request);
  return { status: 404, body: { message: 'not found' } };
}

async function serve(context: Context, request: IncomingMessage, response: ServerResponse) {
  const answer = await route(context, request).catch((error: unknown) =>
    error instanceof AwsError
      ? { status: error.status, body: { message: error.message } }
      : { status: 500, body: { message: '' } },
  );
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer.body));
}

/** Starts an issuer on 127.0.0.1. */
export async function startIssuer(settings: IssuerSettings): Promise<Issuer> {
  const server = http.createServer();
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = { ...settings, key: await signingKey(settings.dataFolder), url };
  server.on('request', (request, response) => void serve(context, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, '127.0.0.1', resolve);
  });
  return { url: url(), server };
}
