// SPDX-License-Identifier: Apache-2.0
// One request of the HSM administrator to a running emulator.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';

const Refusal = z.object({ code: z.string().optional(), message: z.string() });
const Answer = z.record(z.string(), z.unknown());

/** The emulator refused: its code, where there is one, and its message. */
export class Refused extends Error {}

/** What is asked below `/_admin/hsm`. Members go into the body, or into the query where there is none. */
export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly members: Readonly<Record<string, string>>;
}

function refusalOf(body: unknown, status: number): Refused {
  const { data } = Refusal.safeParse(body);
  if (data === undefined) return new Refused(`the emulator answered ${status}`);
  return new Refused(data.code === undefined ? data.message : `${data.code}: ${data.message}`);
}

/** The answer. @throws Refused; @throws Error when no emulator answers */
export async function askEmulator(endpoint: Endpoint, asked: AdminRequest): Promise<object> {
  const url = new URL(`/_admin/hsm/${asked.path}`, endpoint.url);
  const headers = { 'x-admin-token': readFileSync(endpoint.adminTokenPath, 'utf8').trim() };
  const isPost = asked.method === 'POST';
  if (!isPost) url.search = new URLSearchParams(asked.members).toString();
  const body = isPost ? { body: JSON.stringify(asked.members) } : {};
  const answer = await fetch(url, { method: asked.method, headers, ...body }).catch(
    (cause: unknown) => {
      throw new Error(`no emulator answers at ${endpoint.url}; is it running?`, { cause });
    },
  );
  const given: unknown = await answer.json();
  if (!answer.ok) throw refusalOf(given, answer.status);
  return Answer.parse(given);
}
