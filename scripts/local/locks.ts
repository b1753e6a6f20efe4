// SPDX-License-Identifier: Apache-2.0
// Mutual exclusion between processes, for what several starts share. A lock is a directory, because creating one
// is atomic, with the record of its holder inside; the lock of a process that vanished is taken over.
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { findRunning, writeRecord } from './processes.ts';
import { until } from './waiting.ts';

const HOLDER = 'holder';
/** A holder writes its record right after creating the directory; one without record this long after has vanished. */
const RECORD_GRACE_MILLISECONDS = 5000;

/** Runs `work` while no other process runs under the same lock. Waits up to ten minutes for it. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await until(() => tryTake(path), { timeoutSeconds: 600, what: `the lock ${path}` });
  try {
    await writeRecord(path, HOLDER, process.pid);
    return await work();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

async function tryTake(path: string): Promise<boolean> {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (await isAbandoned(path)) rmSync(path, { recursive: true, force: true });
  return false;
}

async function isAbandoned(path: string): Promise<boolean> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || Date.now() - stat.mtimeMs < RECORD_GRACE_MILLISECONDS) return false;
  return existsSync(path) && (await findRunning(path, HOLDER)) === undefined;
}
