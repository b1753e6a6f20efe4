// SPDX-License-Identifier: Apache-2.0
// Processes this project started, remembered in files so that a later command ends them and nothing else: a
// record holds the process id together with the time the process began, because ids are reused.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from './commands.ts';
import { readJson, writePrivate } from './private-file.ts';
import { until } from './waiting.ts';

const recordSchema = z.object({ pid: z.number().int().positive(), began: z.string() });

/** Identifies one process for its whole life. */
export type ProcessRecord = z.infer<typeof recordSchema>;

/** What to start, and where its record and output go. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly runDirectory: string;
  readonly logFile: string;
}

/** Starts a program in a session of its own (Ctrl-C reaches only us) and writes its record. */
export async function start(program: Program): Promise<ProcessRecord> {
  const output = openSync(program.logFile, 'a', 0o600);
  try {
    const { command, args, env, cwd } = program;
    const child = spawn(command, args, {
      env,
      cwd,
      detached: true,
      stdio: ['ignore', output, output],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return await writeRecord(program.runDirectory, program.name, child.pid ?? 0);
  } finally {
    closeSync(output);
  }
}

/** Records a running process under a name. */
export async function writeRecord(
  runDirectory: string,
  name: string,
  pid: number,
): Promise<ProcessRecord> {
  const began = await beginningOf(pid);
  if (began === undefined) throw new Error(`${name} ended at once; see its log`);
  const record = { pid, began };
  writePrivate(fileOf(runDirectory, name), `${JSON.stringify(record)}\n`);
  return record;
}

/** The recorded process under a name if it still runs. A stale record is removed. */
export async function findRunning(
  runDirectory: string,
  name: string,
): Promise<ProcessRecord | undefined> {
  const record = recordSchema.safeParse(readJson(fileOf(runDirectory, name))).data;
  if (record !== undefined && (await isRunning(record))) return record;
  removeRecord(runDirectory, name);
  return undefined;
}

/** Removes a record. */
export function removeRecord(runDirectory: string, name: string): void {
  rmSync(fileOf(runDirectory, name), { force: true });
}

/** Whether exactly this process still runs. */
export async function isRunning({ pid, began }: ProcessRecord): Promise<boolean> {
  return (await beginningOf(pid)) === began;
}

/** Asks the process to end and waits for it; kills it when it takes too long. Returns whether it ended by itself. */
export async function end(record: ProcessRecord, graceSeconds: number): Promise<boolean> {
  signal(record.pid, 'SIGTERM');
  const gone = async () => !(await isRunning(record));
  try {
    await until(gone, { timeoutSeconds: graceSeconds, what: `process ${record.pid} to end` });
    return true;
  } catch {
    if (await isRunning(record)) signal(record.pid, 'SIGKILL');
    await until(gone, { timeoutSeconds: 10, what: `killed process ${record.pid} to end` });
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function fileOf(runDirectory: string, name: string): string {
  return join(runDirectory, `${name}.json`);
}

/** When a process began, in whatever unit the system gives; undefined when there is none (or only its corpse). */
async function beginningOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    const { code, output } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return code === 0 && output.trim() !== '' ? output.trim() : undefined;
  }
  try {
    // The command name in parentheses may contain anything; state is field 3, start time field 22. @see proc(5)
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
