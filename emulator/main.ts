// SPDX-License-Identifier: Apache-2.0
// Command line of the emulator. Prints `ready URL (whom it believes)` on stdout; everything else goes to stderr.
import { parseArgs } from 'node:util';
import { type StartOptions, start } from './start.ts';

const USAGE = `usage: npm run emulator -- --port N [options]
  --port N                  port on 127.0.0.1; 0 takes a free one
  --data DIR                keep state there (default: a new temporary folder)
  --region R --account A    of ARNs (default: us-east-1 and 000000000000)
  --admin-token-file F      token of the admin endpoint (default: DIR/admin-token, made at the first start)
  --accept-any-caller       whoever is not declared is the account root, however it signs (default, unless one of
                            the next three is given)
  --principals F            JSON file of access keys and whom they stand for; requests must be signed by them
  --verify-signatures       requests must be signed with SigV4, by the root as test/test or a declared principal
  --gateway-secret-file F   believe the gateway that knows this secret; others must sign with SigV4
  --tls-cert F --tls-key F  serve HTTPS
  --issuer-port P           also serve the local OpenID Connect issuer
  --people F                JSON file of people the issuer knows
  --explicit-hsm-admin      clusters wait for \`npm run hsm-admin\`: activation, and the user kmsuser
`;

function fail(message: string): never {
  process.stderr.write(`emulator: ${message}\n`);
  process.exit(2);
}

function portOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  return fail(`${name} must be a port number, not ${value}`);
}

function parse() {
  const names = [
    'port',
    'data',
    'region',
    'account',
    'admin-token-file',
    'gateway-secret-file',
    'principals',
    'tls-cert',
    'tls-key',
    'issuer-port',
    'people',
  ] as const;
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const flags = ['help', 'accept-any-caller', 'verify-signatures', 'explicit-hsm-admin'] as const;
  const switches = Object.fromEntries(flags.map((name) => [name, { type: 'boolean' as const }]));
  const { values } = parseArgs({ options: { ...options, ...switches } });
  return values as Partial<Record<(typeof names)[number], string>> &
    Partial<Record<(typeof flags)[number], boolean>>;
}

/** Undefined leaves it to the other options. */
function acceptsAnyCaller(values: ReturnType<typeof parse>): boolean | undefined {
  const { 'accept-any-caller': any = false, 'verify-signatures': verify = false } = values;
  if (any && verify) fail('--accept-any-caller and --verify-signatures exclude each other');
  return any || verify ? any : undefined;
}

function readOptions(): StartOptions {
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
  if (values.help === true) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  if (values.account !== undefined && !/^\d{12}$/.test(values.account)) {
    fail(`--account must be 12 digits, not ${values.account}`);
  }
  return {
    port: portOf('--port', values.port) ?? fail(`--port is required\n${USAGE}`),
    dataFolder: values.data,
    region: values.region,
    account: values.account,
    adminTokenPath: values['admin-token-file'],
    gatewaySecretPath: values['gateway-secret-file'],
    principalsPath: values.principals,
    acceptsAnyCaller: acceptsAnyCaller(values),
    tlsCertPath: values['tls-cert'],
    tlsKeyPath: values['tls-key'],
    issuerPort: portOf('--issuer-port', values['issuer-port']),
    peoplePath: values.people,
    explicitHsmAdmin: values['explicit-hsm-admin'],
  };
}

async function run(): Promise<void> {
  const emulator = await start(readOptions());
  process.stderr.write(`emulator: state in ${emulator.dataFolder}\n`);
  process.stderr.write(`emulator: admin token in ${emulator.adminTokenPath}\n`);
  if (emulator.issuerUrl !== undefined) {
    process.stderr.write(`emulator: issuer at ${emulator.issuerUrl}\n`);
  }
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    emulator.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(`stopping failed: ${String(error)}`),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write(`ready ${emulator.url} (${emulator.callers})\n`);
}

run().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
