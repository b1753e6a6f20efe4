// SPDX-License-Identifier: Apache-2.0
// Finds the processes in which functions of one stack run, and signals them. Linux only: it reads /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** Processes of a function: the emulator unpacks its code to a folder named after it in the stack's directory. */
export function processesOf(functionName: string, temporary: string): number[] {
  const mark = `${temporary}/ministack-lambda-${functionName}-`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => commandOf(pid).includes(mark));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // Ended while we looked.
    return '';
  }
}

/** Sends a signal. @returns false when the process was gone */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
