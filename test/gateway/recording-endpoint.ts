// SPDX-License-Identifier: Apache-2.0
// A key endpoint that records every call the gateway forwards, with the caller it names, and answers just enough
// of KMS for a stack to deploy. It takes the options of emulator/main.ts, so the local stack can start it instead.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** One forwarded call. */
export interface RecordedCall {
  readonly target: string;
  readonly members: Record<string, unknown>;
  readonly caller: Record<string, unknown>;
}

const names = ['port', 'data', 'region', 'account', 'gateway-secret-file', 'admin-token-file'];
const options: NonNullable<ParseArgsConfig['options']> = {
  ...Object.fromEntries(
    [...names, 'issuer-port', 'people'].map((name) => [name, { type: 'string' }]),
  ),
  'explicit-hsm-admin': { type: 'boolean' },
};
const { values } = parseArgs({ options });
const text = (name: string) => String(values[name] ?? '');
const secret = readFileSync(text('gateway-secret-file'), 'utf8');
const file = join(text('data'), 'recorded.json');
interface Memory {
  readonly calls: RecordedCall[];
  readonly keys: Record<string, Record<string, unknown>>;
}
const memory: Memory = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as Memory)
  : { calls: [], keys: {} };
const { calls, keys } = memory;

function answer(operation: string, members: Record<string, unknown>): Record<string, unknown> {
  if (operation === 'CreateKey') {
    const KeyId = randomUUID();
    const Arn = `arn:aws:kms:${text('region')}:${text('account')}:key/${KeyId}`;
    const metadata = { KeyId, Arn, KeyState: 'Enabled', KeySpec: members['KeySpec'] };
    keys[KeyId] = metadata;
    return { KeyMetadata: metadata };
  }
  if (operation === 'DescribeKey') {
    const id = String(members['KeyId']).split('/').at(-1) ?? '';
    const KeyMetadata = keys[id];
    return KeyMetadata ? { KeyMetadata } : { __type: 'NotFoundException', message: id };
  }
  return {};
}

const server = createServer(async (request, response) => {
  if (request.url === '/_recorded') {
    response.end(JSON.stringify(calls));
    return;
  }
  if (request.url === '/_admin/faults') {
    response.end('{}');
    return;
  }
  if (request.headers['x-keyturn-gateway-secret'] !== secret) {
    response.writeHead(403).end();
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const members = JSON.parse(Buffer.concat(chunks).toString() || '{}');
  const target = String(request.headers['x-amz-target']);
  const caller = Buffer.from(String(request.headers['x-keyturn-caller']), 'base64url').toString();
  calls.push({ target, members, caller: JSON.parse(caller) });
  const body = answer(target.split('.').at(-1) ?? '', members);
  response.writeHead('__type' in body ? 400 : 200, {
    'content-type': 'application/x-amz-json-1.1',
  });
  response.end(JSON.stringify(body));
});
server.listen(Number(text('port')), '127.0.0.1', () => {
  process.stdout.write(`ready http://127.0.0.1:${text('port')}\n`);
});
process.on('SIGTERM', () => {
  writeFileSync(file, JSON.stringify(memory));
  process.exit(0);
});
