// SPDX-License-Identifier: Apache-2.0
// Entry of the CLI: binds it to this process.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Host, Sink } from './host.ts';
import { run } from './run.ts';

/** A second Ctrl-C ends the process at once, whatever it waits for. */
const INTERRUPTED = 130;

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));
  return String(Object(manifest).version);
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  let isClosed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isClosed = true;
  });
  return {
    write: (text) => {
      if (!isClosed) stream.write(text);
    },
    isTerminal: stream.isTTY === true,
    columns: stream.columns,
    get isClosed() {
      return isClosed;
    },
  };
}

function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  });
  return controller.signal;
}

const host: Host = {
  env: process.env,
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  now: Date.now,
  sleep: (milliseconds, signal) =>
    pause(milliseconds, undefined, { signal }).catch(() => undefined),
  interrupt: interruptSignal(),
  stackFile: fromRoot('.local/stack.json'),
  version: readVersion(),
};
process.exitCode = await run(process.argv.slice(2), host);
