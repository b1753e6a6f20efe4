// SPDX-License-Identifier: Apache-2.0
// A key endpoint that has its answers elsewhere: each call of an `aws-sdk:` state is sent on to the address that the
// test gives it, with the name of the execution it is made for. It takes the options of emulator/main.ts.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { parseArgs } from 'node:util';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    port: text,
    data: text,
    region: text,
    account: text,
    'gateway-secret-file': text,
    'admin-token-file': text,
    'issuer-port': text,
    people: text,
    'explicit-hsm-admin': { type: 'boolean' },
  },
});
const secret = readFileSync(String(values['gateway-secret-file']), 'utf8');
let answersUrl: string | undefined;

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The last part of the caller's session is the execution's name. */
function executionOf(request: IncomingMessage): string {
  const header = String(request.headers['x-keyturn-caller']);
  const caller = JSON.parse(Buffer.from(header, 'base64url').toString());
  return String(caller.principalArn).split('/').at(-1) ?? '';
}

async function answer(request: IncomingMessage): Promise<{ status: number; body: string }> {
  if (request.url === '/_answers') {
    answersUrl = await textOf(request);
    return { status: 200, body: '{}' };
  }
  if (request.url === '/_admin/faults') return { status: 200, body: '{}' };
  if (request.headers['x-keyturn-gateway-secret'] !== secret) return { status: 403, body: '{}' };
  const parameters: unknown = JSON.parse((await textOf(request)) || '{}');
  if (answersUrl === undefined) return { status: 200, body: '{}' };
  const operation = String(request.headers['x-amz-target']).split('.').at(-1);
  const call = { execution: executionOf(request), operation, parameters };
  const reply = await fetch(answersUrl, { method: 'POST', body: JSON.stringify(call) });
  const given = (await reply.json()) as { result: unknown } | { error: string; cause: string };
  if ('result' in given) return { status: 200, body: JSON.stringify(given.result) };
  const error = { __type: given.error, message: given.cause };
  return { status: 400, body: JSON.stringify(error) };
}

const server = createServer(async (request, response) => {
  const { status, body } = await answer(request);
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': crypto.randomUUID(),
  };
  response.writeHead(status, headers).end(body);
});
server.listen(Number(values['port']), '127.0.0.1', () => {
  process.stdout.write(`ready http://127.0.0.1:${values['port']}\n`);
});
process.on('SIGTERM', () => process.exit(0));
