// SPDX-License-Identifier: Apache-2.0
// LocalStack's last open release, as one process of this machine: without Docker, without a token. Its Step Functions
// is the closest to AWS; IAM it does not enforce, and it keeps nothing. @see docs/localstack.md
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Layout, ROOT } from '../layout.ts';
import { ensurePython } from '../python.ts';
import { ensureDynamoDb } from './dynamodb-local.ts';
import type { Emulator } from './emulator.ts';
import { findJava } from './java.ts';

const FOLDER = join(ROOT, 'emulator', 'localstack');
/** Its packages are pinned for this Python 3 alone. */
export const LOCALSTACK_PYTHON_MINOR = 13;
/** Idle ones that stay; with the busy ones the whole stays below 3 GB. */
const FUNCTION_PROCESSES = 8;
/** Idle processes are ended sooner than on AWS: seventy functions of 70 MB each do not fit. */
const KEEP_ALIVE_MILLISECONDS = 120_000;

export const LOCALSTACK: Emulator = {
  name: 'localstack',
  title: 'LocalStack',
  keepsState: false,
  scalesTimeLimits: false,
  // They have the machine to themselves, and the twenty minutes of their lane to keep.
  scenarioProcesses: 2,
  healthPath: '/_localstack/health',
  mailPath: '/_aws/ses',
  prepare: async (layout, log) => {
    const shared = dirname(layout.venv);
    const java = await findJava();
    const python = await ensurePython(join(shared, 'venv-localstack'), log, {
      what: 'LocalStack',
      requirements: join(FOLDER, 'requirements.txt'),
      minor: LOCALSTACK_PYTHON_MINOR,
    });
    const dynamodbLibrary = await ensureDynamoDb(join(shared, 'dynamodb-local'), log);
    return { python, settings: { java, dynamodbLibrary } };
  },
  launch: ({ layout, ports, waitScale }) => ({
    launcher: join(FOLDER, 'launch.py'),
    settings: {
      endpoint: `https://127.0.0.1:${ports.gateway}`,
      authority: layout.tls.ca,
      node: process.execPath,
      compileCache: join(dirname(layout.venv), 'compile-cache'),
      functionProcesses: FUNCTION_PROCESSES,
      waitScale,
    },
    environment: {
      // Without this a `/.dockerenv` makes it write to /var/lib.
      OVERRIDE_IN_DOCKER: '0',
      FILESYSTEM_ROOT: layout.awsData,
      GATEWAY_LISTEN: `127.0.0.1:${ports.gateway}`,
      LOCALSTACK_HOST: `localhost:${ports.gateway}`,
      // TLS is spoken beside plain HTTP on the one port; its services call each other without.
      CUSTOM_SSL_CERT_PATH: certificateFile(layout),
      SKIP_SSL_CERT_DOWNLOAD: '1',
      LAMBDA_KEEPALIVE_MS: String(KEEP_ALIVE_MILLISECONDS),
      PROVIDER_OVERRIDE_DYNAMODB: 'v2',
      PROVIDER_OVERRIDE_DYNAMODBSTREAMS: 'v2',
      DYNAMODB_IN_MEMORY: '1',
      DYNAMODB_HEAP_SIZE: '256m',
      // Its many threads would each keep what they have freed.
      MALLOC_ARENA_MAX: '2',
      DISABLE_EVENTS: '1',
      DNS_ADDRESS: '0',
    },
  }),
};

/** One file with key and certificate, as LocalStack takes them. */
function certificateFile(layout: Layout): string {
  const file = join(layout.run, 'localstack.pem');
  const parts = [layout.tls.key, layout.tls.certificate].map((part) => readFileSync(part, 'utf8'));
  writeFileSync(file, parts.join('\n'), { mode: 0o600 });
  return file;
}
