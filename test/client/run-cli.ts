// SPDX-License-Identifier: Apache-2.0
// Runs the CLI in process, with its own environment, streams and clock.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '#client/cli/host.ts';
import { run } from '#client/cli/run.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly env?: Record<string, string>;
  /** Contents of the stack file of the clone; none by default. */
  readonly stack?: Record<string, unknown>;
  /** Width of a terminal; without it streams are pipes. */
  readonly columns?: number;
  /** Called at each pause with the number of pauses before; may interrupt. */
  readonly onSleep?: (count: number, interrupt: () => void) => void;
  readonly interrupt?: AbortController;
  readonly now?: number;
}

/** A new empty directory. */
export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'keyturn-cli-'));
}

/** A file in a new directory. */
export function newFile(name: string, text: string): string {
  const path = join(newDirectory(), name);
  writeFileSync(path, text);
  return path;
}

/** A stack file's contents as `npm start` writes them, with all URLs leading to one server. */
export function localStack(url: string, changes: Record<string, unknown> = {}) {
  return {
    apiUrl: url,
    workloadApiUrl: url,
    gatewayUrl: url,
    issuerUrl: url,
    region: 'us-east-1',
    account: '000000000000',
    stage: 'local',
    caFile: null,
    adminToken: 'admin-secret',
    roles: { 'orders-api': 'arn:aws:iam::000000000000:role/orders-api' },
    ...changes,
  };
}

export async function keyturn(argv: readonly string[], around: Surroundings = {}): Promise<Ran> {
  const text = { out: '', err: '' };
  const sink = (stream: 'out' | 'err') => ({
    write: (part: string) => {
      text[stream] += part;
    },
    isTerminal: around.columns !== undefined,
    columns: around.columns,
    isClosed: false,
  });
  const controller = around.interrupt ?? new AbortController();
  let sleeps = 0;
  const host: Host = {
    env: around.env ?? {},
    stdout: sink('out'),
    stderr: sink('err'),
    now: () => around.now ?? Date.parse('2026-11-22T10:00:10.000Z'),
    sleep: async () => {
      around.onSleep?.(sleeps, () => controller.abort());
      sleeps += 1;
    },
    interrupt: controller.signal,
    stackFile: around.stack
      ? newFile('stack.json', JSON.stringify(around.stack))
      : join(newDirectory(), 'stack.json'),
    version: '0.1.0',
  };
  return { code: await run(argv, host), ...text };
}

/** Environment for an endpoint that belongs to no stack. */
export function remote(url: string, changes: Record<string, string> = {}) {
  return { env: { KEYTURN_ENDPOINT_URL: url, KEYTURN_TOKEN: 'aaa.bbb.ccc', ...changes } };
}
