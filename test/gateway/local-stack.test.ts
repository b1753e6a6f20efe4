// SPDX-License-Identifier: Apache-2.0
// The life of a local stack: what is saved, what is refused, and what an unclean end costs.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ROOT_KEY } from '#scripts/local/environment.ts';
import { LocalStackError } from '#scripts/local/errors.ts';
import { layoutOf, ROOT } from '#scripts/local/layout.ts';
import { stopServices } from '#scripts/local/ownership.ts';
import { findRunning, isRunning, type ProcessRecord } from '#scripts/local/processes.ts';
import { GATEWAY, KEY_ENDPOINT } from '#scripts/local/services.ts';
import { type Stack, startStack } from '#scripts/local/stack.ts';
import { stopDirectory } from '#scripts/local/stopping.ts';
import { until } from '#scripts/local/waiting.ts';

const directory = '.local-lifecycle';
const layout = layoutOf(directory);
const keyEndpoint = new URL('./recording-endpoint.ts', import.meta.url).pathname;

const client = ({ info }: Stack) =>
  new DynamoDBClient({
    endpoint: info.gatewayUrl.replace('localhost', '127.0.0.1'),
    region: info.region,
    credentials: ROOT_KEY,
  });

async function createTable(stack: Stack): Promise<void> {
  const command = new CreateTableCommand({
    TableName: 'kept',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  });
  await client(stack).send(command);
}

const tables = async (stack: Stack) =>
  (await client(stack).send(new ListTablesCommand({}))).TableNames;

/** The stack of another process, which is up when this resolves. */
async function holder(): Promise<ChildProcess> {
  const script = new URL('./hold-stack.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directory, keyEndpoint], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
  expect(child.exitCode).toBe(null);
  return child;
}

async function services(): Promise<ProcessRecord[]> {
  const found = await Promise.all(
    [GATEWAY, KEY_ENDPOINT].map((name) => findRunning(layout.run, name)),
  );
  return found.filter((record) => record !== undefined);
}

describe('a local stack', () => {
  const lines: string[] = [];
  const start = () =>
    startStack({ directory, keyEndpoint, app: null, log: (line) => lines.push(line) });

  beforeEach(async () => {
    lines.length = 0;
    // What a failed test left, before its records go with the directory.
    await stopServices(layout);
    rmSync(layout.directory, { recursive: true, force: true });
  });
  afterAll(async () => {
    await stopServices(layout);
    rmSync(layout.directory, { recursive: true, force: true });
  });

  it('keeps its state and its ports over a clean stop, in files only the user can read', async () => {
    const first = await start();
    await createTable(first);
    expect(statSync(layout.directory).mode & 0o777).toBe(0o700);
    expect(statSync(layout.stackFile).mode & 0o777).toBe(0o600);

    expect(await first.stop()).toBe(true);
    expect(await services()).toEqual([]);
    const second = await start();

    expect(await tables(second)).toEqual(['kept']);
    expect(second.info.gatewayUrl).toBe(first.info.gatewayUrl);
    expect(second.info.adminToken).not.toBe(first.info.adminToken);
    await second.stop();
  });

  it('refuses a second start in the same directory', async () => {
    const stack = await start();

    const refused = start();

    await expect(refused).rejects.toThrow(LocalStackError);
    await expect(refused).rejects.toThrow(/already runs in .*\.local-lifecycle/);
    expect(await tables(stack)).toEqual([]);
    await stack.stop();
  });

  it('begins from nothing after an unclean end, and says so', async () => {
    const stack = await start();
    await createTable(stack);
    const gateway = await findRunning(layout.run, GATEWAY);
    process.kill(gateway?.pid ?? 0, 'SIGKILL');
    await until(async () => gateway && !(await isRunning(gateway)), {
      timeoutSeconds: 5,
      what: 'the killed emulator to be gone',
    });
    expect(await stack.stop()).toBe(false);

    const next = await start();

    expect(lines).toContainEqual(expect.stringContaining('the last stop was not clean'));
    expect(await tables(next)).toEqual([]);
    await next.stop();
  });

  it('is ended from outside through its owner', async () => {
    const owner = await holder();

    expect(await stopDirectory(directory)).toBe('stopped');

    expect(owner.exitCode ?? (await once(owner, 'exit'))[0]).toBe(0);
    expect(await services()).toEqual([]);
    expect(await stopDirectory(directory)).toBe('nothing runs here');
  });

  it('is ended from outside when its owner has vanished, and loses nothing', async () => {
    const owner = await holder();
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(await services()).toHaveLength(2);

    expect(await stopDirectory(directory)).toBe('stopped');

    expect(await services()).toEqual([]);
    const next = await start();
    expect(lines).not.toContainEqual(expect.stringContaining('not clean'));
    await next.stop();
  });
});
