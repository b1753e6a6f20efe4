// SPDX-License-Identifier: Apache-2.0
// DynamoDB for tests: the AWS emulator alone, in memory, and the one table made from the names of the contract.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import {
  DUE_INDEX,
  LIST_INDEX,
  OWNER_INDEX,
  PARTITION_KEY,
  SORT_KEY,
} from '#core/contract/table.ts';
import { DEFAULT_DIRECTORY, layoutOf } from '#scripts/local/layout.ts';
import { ensurePython } from '#scripts/local/python.ts';

/** A running emulator of AWS's data services. */
export interface TestTables {
  readonly client: DynamoDBDocumentClient;
  /** Makes an empty table. @returns its name */
  create(): Promise<string>;
  stop(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/_ministack/health`).then(
    (response) => response.ok,
    () => false,
  );
}

async function healthy(url: string, process: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isHealthy(url))) {
    if (process.exitCode !== null) throw new Error('the AWS emulator ended');
    if (Date.now() > deadline) throw new Error('the AWS emulator does not answer');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const gsi = ({ name, partition, sort }: { name: string; partition: string; sort: string }) => ({
  IndexName: name,
  KeySchema: [
    { AttributeName: partition, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ],
  Projection: { ProjectionType: 'ALL' as const },
});

async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  const attributes = [
    PARTITION_KEY,
    SORT_KEY,
    ...new Set(
      [DUE_INDEX, LIST_INDEX, OWNER_INDEX].flatMap((index) => [index.partition, index.sort]),
    ),
  ];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: attributes.map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
        { AttributeName: SORT_KEY, KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [gsi(DUE_INDEX), gsi(LIST_INDEX), gsi(OWNER_INDEX)],
    }),
  );
}

/** Starts the emulator on a free port of loopback; it keeps nothing. */
export async function startTables(): Promise<TestTables> {
  const python = await ensurePython(layoutOf(DEFAULT_DIRECTORY).venv, () => {});
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-tables-'));
  const emulator = spawn(python, ['-m', 'ministack'], {
    cwd: folder,
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      PERSIST_STATE: '0',
      STATE_DIR: folder,
      IOT_MTLS_ENABLED: 'false',
      SFTP_ENABLED: '0',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const ended = new Promise<void>((resolve) => emulator.once('exit', () => resolve()));
  await healthy(endpoint, emulator);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  let tables = 0;
  return {
    client: DynamoDBDocumentClient.from(client),
    create: async () => {
      tables += 1;
      const name = `ledger-${tables}`;
      await createTable(client, name);
      return name;
    },
    stop: async () => {
      client.destroy();
      emulator.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
