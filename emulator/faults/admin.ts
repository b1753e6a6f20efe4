// SPDX-License-Identifier: Apache-2.0
// The admin endpoint: switches on, off and shown. Loopback only, with the admin token.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { sameSecret } from '../authentication/authenticate.ts';
import { readBody } from '../protocol/http-body.ts';
import type { Emulator } from '../settings.ts';
import { type AdminAnswer, AdminRefusal } from './admin-route.ts';
import { ROUTES } from './admin-routes.ts';

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}

/** Whether the request may administer: from loopback, with the token. */
export function mayAdminister(request: IncomingMessage, adminToken: string): boolean {
  const given = request.headers['x-admin-token'];
  return isLoopback(request.socket.remoteAddress) && sameSecret(given, adminToken);
}

function refused(status: number, message: string): AdminAnswer {
  return { status, body: { message } };
}

async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const text = (await readBody(request)).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}

/** Serves `/_admin` and what lies under it. */
export async function serveAdmin(
  emulator: Emulator,
  adminToken: string,
  request: IncomingMessage,
): Promise<AdminAnswer> {
  if (!mayAdminister(request, adminToken)) return refused(403, 'forbidden');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const route = ROUTES.get(pathname);
  if (route === undefined) return refused(404, 'not found');
  const perform = { GET: route.get, POST: route.post, DELETE: route.clear }[request.method ?? ''];
  if (perform === undefined) return refused(405, 'method not allowed');
  try {
    const given =
      request.method === 'POST' ? await jsonBody(request) : Object.fromEntries(searchParams);
    return await perform(emulator, given, () => request.socket.destroyed);
  } catch (error) {
    if (error instanceof SyntaxError) return refused(400, 'the body is not valid JSON');
    if (error instanceof z.ZodError) return refused(400, z.prettifyError(error));
    if (error instanceof AdminRefusal) {
      return { status: error.status, body: { code: error.code, message: error.message } };
    }
    throw error;
  }
}
