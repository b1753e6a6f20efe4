// SPDX-License-Identifier: Apache-2.0
// `bin/keyturn` as a process: directories, links, pipes, signals.
import { type SpawnOptions, spawn } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { newDirectory } from '../run-cli.ts';

const LAUNCHER = fileURLToPath(new URL('../../../bin/keyturn', import.meta.url));

function start(command: string, args: readonly string[], options: SpawnOptions = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const text = { out: '', err: '' };
  child.stdout?.on('data', (part: Buffer) => {
    text.out += part.toString();
  });
  child.stderr?.on('data', (part: Buffer) => {
    text.err += part.toString();
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>(
    (resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, ...text }));
    },
  );
  return { child, ended, text };
}

function environment(url: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    KEYTURN_ENDPOINT_URL: url,
    KEYTURN_TOKEN: 't',
    KEYTURN_STAGE: 'local',
  };
}

describe('bin/keyturn', () => {
  it('works from another directory', async () => {
    const ran = await start(LAUNCHER, ['--version'], { cwd: newDirectory() }).ended;

    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('works through a chain of symbolic links, absolute and relative', async () => {
    const directory = newDirectory();
    mkdirSync(join(directory, 'with space'));
    symlinkSync(LAUNCHER, join(directory, 'with space', 'first'));
    symlinkSync(join('with space', 'first'), join(directory, 'kt'));

    const ran = await start('./kt', ['help', 'exit-codes'], { cwd: directory }).ended;

    expect(ran.code).toBe(0);
    expect(ran.out).toContain('Exit codes:');
  });

  it('passes arguments unchanged and the exit code back', async () => {
    const api = await startApi({});
    const argv = ['key', 'show', "it's $HOME *"];

    const ran = await start(LAUNCHER, argv, { env: environment(api.url), cwd: '/' }).ended;

    expect(ran.code).toBe(5);
    expect(api.seen[0]?.path).toBe("/v1/keys/it's%20%24HOME%20*");
  });

  it('says "run npm start first" without packages', async () => {
    const clone = newDirectory();
    mkdirSync(join(clone, 'bin'));
    cpSync(LAUNCHER, join(clone, 'bin', 'keyturn'));

    const ran = await start(join(clone, 'bin', 'keyturn'), ['key', 'list']).ended;

    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('run npm start first');
  });

  it('says so too when there is no Node new enough', async () => {
    const clone = newDirectory();
    mkdirSync(join(clone, 'bin'));
    mkdirSync(join(clone, 'node_modules', 'commander'), { recursive: true });
    cpSync(LAUNCHER, join(clone, 'bin', 'keyturn'));
    cpSync(
      new URL('../../../package.json', import.meta.url),
      join(clone, 'node_modules', 'commander', 'package.json'),
    );
    const env = { PATH: '/usr/bin:/bin' };

    const ran = await start(join(clone, 'bin', 'keyturn'), ['--version'], { env }).ended;

    expect(ran.code).toBe(1);
    expect(ran.err).toContain('npm start');
  });
});

describe('as a process', () => {
  it('stays quiet when the reader of a long answer goes away', async () => {
    const items = Array.from({ length: 3000 }, (_, index) =>
      example('Key', { name: `key-${index}` }),
    );
    const api = await startApi({ 'GET /v1/keys': { body: { items, nextCursor: null } } });
    const script = `"${LAUNCHER}" key list --output jsonl | head -n 1`;

    const ran = await start('sh', ['-c', script], { env: environment(api.url) }).ended;

    expect(ran.err).toBe('');
    expect(ran.out.trim().split('\n')).toHaveLength(1);
  });

  it('detaches on Ctrl-C and exits 130', async () => {
    const running = { state: 'running', endedAt: null };
    const api = await startApi({
      'POST /v1/keys/orders/rotations': { status: 202, body: { operationId: 'op_1' } },
      'GET /v1/operations/op_1': { body: example('Operation', running) },
    });
    const argv = ['key', 'rotate', 'orders', '--wait'];

    const { child, ended } = start(LAUNCHER, argv, { env: environment(api.url) });
    await expect.poll(() => api.seen.at(-1)?.path, { timeout: 10_000 }).toBe('/v1/operations/op_1');
    child.kill('SIGINT');
    const ran = await ended;

    expect(ran.code).toBe(130);
    expect(ran.err).toContain('next: keyturn operation watch op_1');
    expect(api.seen.filter(({ method }) => method !== 'GET')).toHaveLength(1);
  });
});
