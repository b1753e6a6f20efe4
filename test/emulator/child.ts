// SPDX-License-Identifier: Apache-2.0
// Runs the emulator's command line in a process of its own, to be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { clientsOf } from './support.ts';

const root = join(import.meta.dirname, '..', '..');

/** An emulator in another process. */
export interface ChildEmulator extends ReturnType<typeof clientsOf> {
  /** Sends a signal and waits for the end; answers the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    let errors = '';
    child.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    child.stdout?.on('data', (chunk) => {
      out += chunk;
      if (out.includes('\n')) resolve(out.slice(0, out.indexOf('\n')));
    });
    child.on('exit', (code) => reject(new Error(`the emulator ended with ${code}: ${errors}`)));
  });
}

/** Starts `emulator/main.ts` on a free port and waits for its ready line. */
export async function spawnEmulator(...args: string[]): Promise<ChildEmulator> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'emulator/main.ts', '--port', '0', ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const line = await firstLine(child);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    ...clientsOf(line.split(' ')[1] ?? ''),
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}
