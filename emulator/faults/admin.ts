// SPDX-License-Identifier: Apache-2.0
// The admin endpoint: faults in, out and listed. Loopback only, with the admin token.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { sameSecret } from '../authentication/authenticate.ts';
import { readBody } from '../protocol/http-body.ts';
import type { Emulator } from '../settings.ts';
import { FaultRequest } from './faults.ts';

/** Status and JSON body of an answer. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}

/** Whether the request may administer: from loopback, with the token. */
export function mayAdminister(request: IncomingMessage, adminToken: string): boolean {
  const given = request.headers['x-admin-token'];
  return isLoopback(request.socket.remoteAddress) && sameSecret(given, adminToken);
}

async function addFault(emulator: Emulator, request: IncomingMessage): Promise<AdminAnswer> {
  const text = (await readBody(request)).toString('utf8');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { status: 400, body: { message: 'the body is not valid JSON' } };
  }
  const parsed = FaultRequest.safeParse(body);
  if (!parsed.success) return { status: 400, body: { message: z.prettifyError(parsed.error) } };
  return { status: 201, body: emulator.faults.add(parsed.data) };
}

/** Serves `/_admin/faults`. */
export async function serveAdmin(
  emulator: Emulator,
  adminToken: string,
  request: IncomingMessage,
): Promise<AdminAnswer> {
  if (!mayAdminister(request, adminToken)) return { status: 403, body: { message: 'forbidden' } };
  if (request.url !== '/_admin/faults') return { status: 404, body: { message: 'not found' } };
  if (request.method === 'POST') return addFault(emulator, request);
  if (request.method === 'GET') return { status: 200, body: { faults: emulator.faults.list() } };
  if (request.method !== 'DELETE') return { status: 405, body: { message: 'method not allowed' } };
  emulator.faults.clear();
  return { status: 200, body: { faults: [] } };
}
