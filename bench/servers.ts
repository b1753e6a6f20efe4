// SPDX-License-Identifier: Apache-2.0
// The servers under load: this repository's stand-in and, where it is installed, the AWS emulator with its own
// built-in KMS. Each is a process of its own on a free port and an empty folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { newFolder } from './folder.ts';

const ROOT = join(import.meta.dirname, '..');
// Ticks of /proc: fixed at 100 a second on Linux.
const TICK_MILLISECONDS = 10;

// As `npm run emulator` starts it; its environment has the cache of compiled code from scripts/run.mjs.
const LIKE_NPM = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];

/** A running server. */
export interface Server {
  readonly url: string;
  readonly dataFolder: string;
  readonly startSeconds: number;
  /** Processor time used so far, in milliseconds; 0 where /proc does not tell. */
  cpuMilliseconds(): number;
  /** Resident memory in MB; 0 where /proc does not tell. */
  residentMegabytes(): number;
  /** Stops it; keeps its folder when asked to. */
  stop(keep?: 'keep'): Promise<void>;
}

function proc(child: ChildProcess, file: string): string {
  const path = `/proc/${child.pid}/${file}`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function serverOf(child: ChildProcess, url: string, dataFolder: string, began: number): Server {
  const startSeconds = (performance.now() - began) / 1000;
  return {
    url,
    dataFolder,
    startSeconds,
    cpuMilliseconds: () => {
      const fields = proc(child, 'stat').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MILLISECONDS;
    },
    residentMegabytes: () => Number(/VmRSS:\s+(\d+)/.exec(proc(child, 'status'))?.[1] ?? 0) / 1024,
    stop: async (keep) => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
      if (keep !== 'keep') rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** Starts the stand-in, on the folder of an earlier one when given. */
export async function startStandIn(folder?: string): Promise<Server> {
  const dataFolder = folder ?? newFolder();
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [...LIKE_NPM, join(ROOT, 'emulator', 'main.ts'), '--port', '0', '--data', dataFolder],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the stand-in ended with ${code}`);
    }),
  ])) as [Buffer];
  // `ready URL (whom it believes)`
  return serverOf(child, line.toString().split(/\s/)[1] ?? '', dataFolder, began);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts the AWS emulator as it is, or answers undefined where it is not installed. */
export async function startBuiltIn(): Promise<Server | undefined> {
  const python = join(ROOT, '.local', 'venv', 'bin', 'python');
  if (!existsSync(python)) return undefined;
  const dataFolder = newFolder();
  const port = await freePort();
  const began = performance.now();
  const child = spawn(python, ['-m', 'ministack'], {
    cwd: dataFolder,
    stdio: 'ignore',
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: dataFolder,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      PERSIST_STATE: '0',
      STATE_DIR: join(dataFolder, 'state'),
      S3_DATA_DIR: join(dataFolder, 's3'),
      SFTP_ENABLED: '0',
      IOT_MTLS_ENABLED: 'false',
      LOG_LEVEL: 'WARNING',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  const url = `http://127.0.0.1:${port}`;
  while (child.exitCode === null && performance.now() - began < 20_000) {
    const isUp = await fetch(`${url}/_ministack/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return serverOf(child, url, dataFolder, began);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGTERM');
  rmSync(dataFolder, { recursive: true, force: true });
  return undefined;
}
