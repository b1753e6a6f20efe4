// SPDX-License-Identifier: Apache-2.0
// Command line of the emulator. Prints `ready URL` on stdout; everything else goes to stderr.
import { parseArgs } from 'node:util';
import { type StartOptions, start } from './start.ts';

const USAGE = `usage: npm run emulator -- --port N [options]
  --port N                  port on 127.0.0.1; 0 takes a free one
  --data DIR                keep state there (default: a new temporary folder)
  --region R --account A    of ARNs (default: us-east-1 and 000000000000)
  --admin-token-file F      token of the admin endpoint (default: DIR/admin-token, made at the first start)
  --gateway-secret-file F   believe the gateway that knows this secret; others must sign with SigV4
  --tls-cert F --tls-key F  serve HTTPS
  --issuer-port P           also serve the local OpenID Connect issuer
  --people F                JSON file of people the issuer knows
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
    'tls-cert',
    'tls-key',
    'issuer-port',
    'people',
  ] as const;
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
  return values as Partial<Record<(typeof names)[number], string>> & { help?: boolean };
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
    tlsCertPath: values['tls-cert'],
    tlsKeyPath: values['tls-key'],
    issuerPort: portOf('--issuer-port', values['issuer-port']),
    peoplePath: values.people,
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
  process.stdout.write(`ready ${emulator.url}\n`);
}

run().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
