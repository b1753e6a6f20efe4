// SPDX-License-Identifier: Apache-2.0
// Command line of the HSM administrator: what the CloudHSM CLI does on AWS, at a running emulator. One JSON document
// on stdout; exit code 0 done, 1 refused, 2 wrong usage, 3 no emulator answers.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Endpoint, readEndpoint } from '../endpoint.ts';
import { askEmulator, Refused } from './request.ts';

const USAGE = `usage: npm run hsm-admin -- COMMAND --cluster ID (--data DIR | --url URL --token-file F) [options]
  activate                      activate an initialized cluster
  create-user                   create kmsuser (password below)
  set-password                  set the password of kmsuser and unlock it (password below)
  list-users                    users, whether they are locked or logged in
  login, logout                 log kmsuser in or out; while it is logged in KMS cannot connect
  list-objects                  key objects: label, protection, and the KMS key they belong to
  delete-object --label LABEL   remove an object behind KMS's back

  --data DIR           data folder of the running emulator
  --url URL            its address, with --token-file F, the file of its admin token
  --password-file F    file of the password, - for stdin; or set HSM_ADMIN_PASSWORD
  --generate           draw a password and print it (create-user, set-password)
`;

const EXIT = { refused: 1, usage: 2, unreachable: 3 } as const;

interface Values {
  readonly cluster?: string;
  readonly data?: string;
  readonly url?: string;
  readonly 'token-file'?: string;
  readonly 'password-file'?: string;
  readonly label?: string;
  readonly generate?: boolean;
}

class Usage extends Error {}

function required(values: Values, name: 'cluster' | 'label'): string {
  const value = values[name];
  if (value === undefined) throw new Usage(`--${name} is required`);
  return value;
}

function endpointOf(values: Values): Endpoint {
  const { data, url, 'token-file': adminTokenPath } = values;
  if (data !== undefined) return readEndpoint(data);
  if (url !== undefined && adminTokenPath !== undefined) return { url, adminTokenPath };
  throw new Usage('--data, or --url and --token-file, say which emulator is meant');
}

/** A trailing line break belongs to the file, not to the password. */
function passwordOf(values: Values): string {
  const file = values['password-file'];
  if (file !== undefined) {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
  }
  const { HSM_ADMIN_PASSWORD: password } = process.env;
  if (password !== undefined) return password;
  throw new Usage('--password-file or HSM_ADMIN_PASSWORD must give the password');
}

type Ask = (method: string, path: string, members?: Record<string, string>) => Promise<object>;
type Command = (ask: Ask, values: Values) => Promise<object>;

/** Sends a password, given or drawn; a drawn one is part of the answer. */
const withPassword =
  (path: string): Command =>
  async (ask, values) => {
    if (values.generate !== true) return ask('POST', path, { password: passwordOf(values) });
    const password = randomBytes(18).toString('base64url');
    return { ...(await ask('POST', path, { password })), password };
  };

const COMMANDS: Readonly<Record<string, Command>> = {
  activate: (ask) => ask('POST', 'activation'),
  'create-user': withPassword('users'),
  'set-password': withPassword('password'),
  'list-users': (ask) => ask('GET', 'users'),
  login: (ask, values) => ask('POST', 'login', { password: passwordOf(values) }),
  logout: (ask) => ask('DELETE', 'login'),
  'list-objects': (ask) => ask('GET', 'objects'),
  'delete-object': (ask, values) => ask('DELETE', 'objects', { label: required(values, 'label') }),
};

function parse() {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const names = { cluster: text, data: text, url: text, label: text };
  const options = { ...names, 'token-file': text, 'password-file': text, generate: flag };
  try {
    return parseArgs({ allowPositionals: true, options: { ...options, help: flag } });
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

async function run(): Promise<void> {
  const { values, positionals } = parse();
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const [name = ''] = positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined || positionals.length > 1) throw new Usage(`no such command: ${name}`);
  const endpoint = endpointOf(values);
  const clusterId = required(values, 'cluster');
  const ask: Ask = (method, path, members = {}) =>
    askEmulator(endpoint, { method, path, members: { clusterId, ...members } });
  process.stdout.write(`${JSON.stringify(await command(ask, values), undefined, 2)}\n`);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Usage) return EXIT.usage;
  return error instanceof Refused ? EXIT.refused : EXIT.unreachable;
}

run().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`hsm-admin: ${message}\n${error instanceof Usage ? USAGE : ''}`);
  process.exitCode = exitCodeOf(error);
});
